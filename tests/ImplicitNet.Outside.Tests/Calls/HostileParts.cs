using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>A linear operator by a hostile map.</summary>
internal sealed class HostileLinearOperator(HostileCall call) : LinearOperator
{
    public override Tensor Apply(Tensor vectors) => call.Evaluate(vectors, zeros_like(vectors));

    public override Tensor ApplyTransposed(Tensor vectors) =>
        call.Random.OneIn(3) ? throw new NotSupportedException("There is no transpose.") : call.Evaluate(vectors, zeros_like(vectors));

    public override LinearOperator Restrict(Tensor samples) => call.Random.OneIn(9) ? null! : new HostileLinearOperator(call);

    public override void Dispose()
    {
    }
}

/// <summary>An operator that binds nothing, or starts somewhere else.</summary>
internal sealed class HostileOperator : LatentOperator
{
    private readonly HostileCall _call;

    public HostileOperator(HostileCall call)
        : base(nameof(HostileOperator))
    {
        _call = call;
        RegisterComponents();
    }

    public override FixedPointMap Bind(Tensor q) => _call.Random.OneIn(4) ? null! : _call.Map(q);

    public override Tensor StartingLatent(Tensor q) => _call.Start;
}

/// <summary>A map that restricts and says of itself whatever comes.</summary>
internal sealed class HostileFixedPointMap(HostileCall call) : FixedPointMap(HostileInputs(call))
{
    public override bool IsPerSample => call.Random.OneIn(2);

    public override Tensor Evaluate(Tensor latent) => call.Evaluate(latent, call.Right);

    public override FixedPointMap With(MapInputs inputs) =>
        call.Random.Next(3) switch { 0 => null!, 1 => throw new InvalidOperationException("This map has no other inputs."), _ => this };

    private static MapInputs HostileInputs(HostileCall call) => call.Random.Next(4) switch
    {
        0 => null!,
        1 => new MapInputs { PerSample = [null!] },
        2 => new MapInputs { PerSample = [call.Any], Shared = [call.Any], Parameters = [] },
        _ => MapInputs.None,
    };
}

/// <summary>A solver whose steps are no steps.</summary>
internal sealed record HostileSolver(int Kind) : IterativeSolver
{
    public override FixedPointIteration Start(FixedPointMap map, Tensor start) =>
        Kind % 7 == 0 ? null! : new Iteration(map, start, Kind % 7);

    private sealed class Iteration(FixedPointMap map, Tensor start, int kind) : FixedPointIteration
    {
        public override FixedPointStep Step() => kind switch
        {
            1 => default,
            2 => new FixedPointStep(start, start.sum()),
            3 => new FixedPointStep(start, zeros(2, 2, 2)),
            4 => new FixedPointStep(map.Evaluate(start), zeros_like(start), [true]),
            5 => FixedPointStep.OfMapped(start, map.Evaluate(start).to(ScalarType.Float64)),
            _ => throw new InvalidOperationException("This solver has no steps."),
        };

        public override void Restrict(FixedPointMap map, Tensor samples)
        {
        }

        public override void Dispose()
        {
        }
    }
}

/// <summary>A policy that refuses, or leaves out whom it likes.</summary>
internal sealed record HostilePolicy(int Kind) : FailurePolicy
{
    public override void Inspect(SolveReport report)
    {
        if (Kind % 3 == 0)
        {
            throw new InvalidOperationException("This policy refuses.");
        }
    }

    public override bool Excludes(SampleReport sample) => Kind % 2 == 0;
}
