using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
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
        new("Implicit.Flow and back", call => Differentiate(call, null)),
        new("Implicit.Flow and back", call => Differentiate(call, null)),
        new("Implicit.Flow and back from an event",
            call => Differentiate(call, new FlowEvent((_, u, _) => Event(call, u)))),
        new("Implicit.Flow and back twice", call => Differentiate(call, null, isTwice: true)),
        new("FlowLayer.call", call =>
        {
            using FlowLayer layer = new(new HostileStage(call.Function), call.Random.OneIn(3) ? Times(call) : null) { Settings = new() { Steps = new PidController { MaxSteps = 99 } } };
            Back(layer.call(call.Q));
        }),
        new("FlowTimes.Of", call => FlowTimes.Of(call.Random.OneIn(2) ? call.Any : call.Any.to(ScalarType.Float64).cumsum(0))),
    ];

    private static void Solve(HostileCall call) => Solve(call, null);

    private static VectorField Field(HostileCall call, Tensor q, bool isNamed = false)
    {
        Tensor Function(Tensor t, Tensor u, MapInputs inputs) => call.Evaluate(call.Random.OneIn(9) ? u.add_(t.sum()) : u, inputs.PerSample[0]);
        MapInputs inputs = new() { PerSample = [q], Parameters = isNamed ? [call.Weight] : null };
        return call.Random.OneIn(5) ? new CoupledField(Function, inputs) : new PerSampleField(Function, inputs);
    }

    private static void Differentiate(HostileCall call, FlowEvent? terminal, bool isTwice = false)
    {
        Tensor q = call.Q;
        using VectorField field = Field(call, q.is_floating_point() && call.Random.OneIn(2) ? q.detach().requires_grad_() : q, call.Random.OneIn(2));
        FlowSettings settings = new()
        {
            Solver = new ExplicitRungeKutta(call.Random.Pick(Tableaux)),
            Steps = Steps(call),
            Gradient = call.Random.OneIn(4)
                ? new TruncatedAdjoint { Steps = call.Random.Next(1, 4) }
                : new DiscreteAdjoint { MemoryBudget = call.Random.Pick<long>([1 << 20, 100, 0]) },
            OnFailure = call.Random.Pick<FailurePolicy>([new MaskFailures(), new ThrowOnFailure(), new WarnOnFailure { Warn = _ => { } }]),
        };
        FlowResult flow = Implicit.Flow(field, call.Start, Times(call), settings, terminal);
        Tensor loss = flow.Output.square().sum() + flow.Times.sum().to(flow.Output.dtype);
        if (loss.requires_grad)
        {
            loss.backward(create_graph: isTwice);
            if (isTwice && q is { requires_grad: true, grad.requires_grad: true })
            {
                q.grad!.square().sum().backward();
            }
        }

        flow.Gradient.ThrowIfFailed();
    }

    private static void Back(Tensor output)
    {
        if (output.requires_grad)
        {
            output.sum().backward();
        }
    }

    private static void Solve(HostileCall call, FlowEvent? terminal)
    {
        using VectorField field = Field(call, call.Q);
        using FlowSolution flow = Flow.Solve(
            field, call.Start, Times(call), call.Random.OneIn(2) ? null : new ExplicitRungeKutta(call.Random.Pick(Tableaux)), Steps(call), terminal,
            call.Random.OneIn(3) ? new FlowTrace() : null, new CancellationToken(call.Random.OneIn(9)));
        _ = flow.Report.ToString();
        flow.Report.ThrowIfFailed();
    }

    // Some maps take a while: the limits keep a call within some hundreds of evaluations.
    private static StepController Steps(HostileCall call) => call.Random.Next(5) switch
    {
        0 => new PidController { MaxSteps = 50, LargestFactor = Odd(call), Safety = Odd(call) },
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
