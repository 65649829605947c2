using ImplicitNet.Differentiation;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Maps, solvers and operators that callers write, and that are not what they promise: one line says so.</summary>
public sealed class ForeignPartsTests
{
    public static TheoryData<string> Cases => [.. Mistakes.Keys];

    private static readonly Dictionary<string, Action> Mistakes = new()
    {
        ["a function that torch refuses"] = () => Solve(new PerSampleMap(u => u + ones(7, 5, 3))),
        ["a coupled function that torch refuses"] = () => Solve(new CoupledMap(u => u + ones(7, 5, 3))),
        ["a function without memory"] = () => Solve(new PerSampleMap(_ => zeros(1L << 50))),
        ["q of another batch"] = () => Solve(new PerSampleMap((u, q) => u + q, ones(2, 4))),
        ["no list of inputs"] = () => Solve(new Map(null!)),
        ["no input"] = () => Solve(new Map(null!, ones(3, 4))),
        ["no inputs at all"] = () => new PerSampleMap((u, _) => u, (MapInputs)null!).Dispose(),
        ["a coupled map without an input"] = () => new CoupledMap((u, _) => u, new MapInputs { PerSample = [null!] }).Dispose(),
        ["a map without a weight"] = () => new PerSampleMap((u, _) => u, new MapInputs { Shared = [null!] }).Dispose(),
        ["a disposed input"] = () => Solve(new Map(Gone())),
        ["an input of another batch"] = () => Solve(new Map(ones(2, 4))),
        ["an input without a batch"] = () => Solve(new Map(tensor(1f))),
        ["no restriction"] = () => Solve(new Map()),
        ["no iteration"] = () => Solve(Half, new Solver(null)),
        ["no step"] = () => Solve(Half, new Solver(_ => default)),
        ["a residual of another shape"] = () => Solve(Half, new Solver(u => new FixedPointStep(u, zeros(2, 2, 2)))),
        ["latents of another batch"] = () => Solve(Half, new Solver(_ => new FixedPointStep(zeros(2, 4), zeros(2, 4)))),
        ["rejections of another batch"] = () => Solve(Half, new Solver(u => new FixedPointStep(u, u, [true]))),
        ["no product"] = () => SolveLinear(new Linear(_ => null!)),
        ["a product that torch refuses"] = () => SolveLinear(new Linear(v => v + ones(7, 5, 3))),
        ["a sparse product"] = () => SolveLinear(new Linear(v => v.to_sparse())),
        ["a sparse right side"] = () => SolveLinear(new Linear(v => v.clone()), ones(3, 4).to_sparse()),
        ["a meta right side"] = () => SolveLinear(new Linear(v => v.clone()), ones(3, 4, device: META)),
        ["no input to differentiate by"] = () => VectorProducts.TransposeProducts(ones(2).requires_grad_() * 2, [null!], ones(2)),
        ["integers to differentiate"] = () => VectorProducts.Product(ones(2, int64), ones(2).requires_grad_(), ones(2)),
        ["a tuple larger than memory"] = () => new LatentTuple([1 << 20]).Zeros(1L << 40),
        ["a tuple of fewer than none"] = () => new LatentTuple([2]).Zeros(-1),
        ["sparse latents to keep"] = () => new LatentCache().Starts([0, 1, 2], ones(3, 4).to_sparse()),
        ["a scalar to keep"] = () => new LatentCache().Starts([0], ones([])),
    };

    private static PerSampleMap Half => new(u => (u * 0.5f) + 1);

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_wrong_is_said_in_one_line(string name)
    {
        Exception exception = Assert.ThrowsAny<Exception>(Mistakes[name]);
        Assert.True(exception is ArgumentException or InvalidOperationException, exception.ToString());
        Assert.DoesNotContain('\n', exception.Message);
    }

    private static Tensor Gone()
    {
        Tensor tensor = ones(3, 4);
        tensor.Dispose();
        return tensor;
    }

    private static void Solve(FixedPointMap map, FixedPointSolver? solver = null) => FixedPoint.Solve(map, arange(12f).reshape(3, 4), solver).Dispose();

    private static void SolveLinear(LinearOperator linear, Tensor? rightSide = null) =>
        new GmresSolver().Solve(linear, rightSide ?? ones(3, 4), [.. Enumerable.Repeat(new LinearTolerance(1e-3), 3)]).Dispose();

    /// <summary>u of the first sample is its fixed point at once, the others go on: the batch must be restricted.</summary>
    private sealed class Map(params Tensor[] list) : FixedPointMap(new MapInputs { PerSample = list, Parameters = [] })
    {
        public override bool IsPerSample => true;

        public override Tensor Evaluate(Tensor latent) => where(latent.sum(1, keepdim: true) < 10, latent, latent * 0.5f);

        public override FixedPointMap With(MapInputs inputs) => null!;
    }

    private sealed record Solver(Func<Tensor, FixedPointStep>? Make) : IterativeSolver
    {
        public override FixedPointIteration Start(FixedPointMap map, Tensor start) => Make is null ? null! : new Iteration(start, Make);

        private sealed class Iteration(Tensor start, Func<Tensor, FixedPointStep> make) : FixedPointIteration
        {
            public override FixedPointStep Step() => make(start);

            public override void Restrict(FixedPointMap map, Tensor samples)
            {
            }

            public override void Dispose()
            {
            }
        }
    }

    private sealed class Linear(Func<Tensor, Tensor> product) : LinearOperator
    {
        public override Tensor Apply(Tensor vectors) => product(vectors);

        public override Tensor ApplyTransposed(Tensor vectors) => product(vectors);

        public override LinearOperator Restrict(Tensor samples) => this;

        public override void Dispose()
        {
        }
    }
}
