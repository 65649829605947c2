using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>The ways into flows: a new one is one line.</summary>
internal static class FlowEntryPoints
{
    private static readonly IReadOnlyList<ButcherTableau> Tableaux =
    [
        ButcherTableau.Tsit5, ButcherTableau.Dopri5, ButcherTableau.Bosh3, ButcherTableau.RK4, ButcherTableau.Heun, ButcherTableau.Midpoint,
        ButcherTableau.Euler,
    ];

    public static readonly IReadOnlyList<EntryPoint> All =
    [
        new("Flow.Solve", Solve),
        new("Flow.Solve", Solve),
        new("Flow.Solve to an event", call => Solve(call, new FlowEvent((_, u, _) => Event(call, u)) { Crossing = (Crossing)call.Random.Next(-1, 4) })),
        new("Flow.Solve by a map", call =>
        {
            using VectorField field = new RelaxationField(call.Map(call.Q));
            Flow.Solve(field, call.Start, Times(call), steps: Steps(call)).Dispose();
        }),
        new("FlowTimes.Of", call => FlowTimes.Of(call.Random.OneIn(2) ? call.Any : call.Any.to(ScalarType.Float64).cumsum(0))),
    ];

    private static void Solve(HostileCall call) => Solve(call, null);

    private static void Solve(HostileCall call, FlowEvent? terminal)
    {
        Tensor q = call.Q;
        Tensor Function(Tensor t, Tensor u, MapInputs inputs) => call.Evaluate(call.Random.OneIn(9) ? u.add_(t.sum()) : u, inputs.PerSample[0]);
        MapInputs inputs = new() { PerSample = [q] };
        using VectorField field = call.Random.OneIn(5) ? new CoupledField(Function, inputs) : new PerSampleField(Function, inputs);
        using FlowSolution flow = Flow.Solve(
            field, call.Start, Times(call), call.Random.OneIn(2) ? null : new ExplicitRungeKutta(call.Random.Pick(Tableaux)), Steps(call), terminal,
            call.Random.OneIn(3) ? new FlowTrace() : null, new CancellationToken(call.Random.OneIn(9)));
        _ = flow.Report.ToString();
        flow.Report.ThrowIfFailed();
    }

    private static StepController? Steps(HostileCall call) => call.Random.Next(5) switch
    {
        0 => null,
        1 => new FixedSteps(call.Random.Next(0, 9)),
        2 => new PidController { MaxSteps = call.Random.Next(0, 99), Integral = call.Random.Pick([0.5, 0, -1, 50]), FirstStep = Odd(call) },
        3 => new PidController { MaxSteps = 99, RelativeTolerance = Odd(call), AbsoluteTolerance = Odd(call), LargestStep = Odd(call) },
        _ => new PidController { MaxSteps = 99 },
    };

    private static FlowTimes Times(HostileCall call) => call.Random.Next(5) switch
    {
        0 => FlowTimes.Between(Odd(call), Odd(call)),
        1 => FlowTimes.At(call.Random.OneIn(2) ? [0, 1, 1, Odd(call)] : []),
        2 => FlowTimes.Of(call.Any),
        3 => FlowTimes.Of(linspace(0, 1, 3, ScalarType.Float64).expand(call.Random.Next(0, 5), 3)),
        _ => FlowTimes.Between(0, 1),
    };

    private static Tensor Event(HostileCall call, Tensor u) => call.Random.Next(9) switch
    {
        0 => call.Any,
        1 => u.sum(),
        2 => null!,
        3 => u.flatten(1)[.., 0] * float.NaN,
        4 => rand(u.shape[0]) - 0.5,
        _ => u.flatten(1).sum(1) - 1,
    };

    private static double Odd(HostileCall call) => call.Random.Pick<double>(
        [1e-3, 0, 1, 0.5, -1, 1e-16, 1e-30, 1e9, 1e300, -1e300, double.NaN, double.PositiveInfinity, double.Epsilon, double.MaxValue]);
}
