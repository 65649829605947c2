using ImplicitNet.Differentiation;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>A map with parameters, in float64, that contracts; a loss; and its gradient by dense linear algebra.</summary>
internal sealed class GradientProblem : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Func<Tensor[], FixedPointMap> _bind;
    private readonly Tensor _slope;
    private readonly long[] _latent;

    private GradientProblem(Tensor[] parameters, long[] latent, Func<Tensor[], FixedPointMap> bind)
    {
        Parameters = [.. parameters.Select(parameter => parameter.detach().requires_grad_())];
        _latent = latent;
        _bind = bind;
        _slope = randn(latent, ScalarType.Float64);
    }

    public Tensor[] Parameters { get; }

    public static TheoryData<string> Names => ["linear", "tanh", "convolution", "two scales", "coupled"];

    public static GradientProblem Get(string name)
    {
        random.manual_seed(4711);
        DisposeScope outer = NewDisposeScope();
        try
        {
            return name switch
            {
                "linear" => new([Contracting(7, 0.85), Normal(4, 7)], [4, 7], p => Bound((u, q, w) => functional(u, w) + q, p)),
                "tanh" => new([Contracting(7, 1.2), Normal(4, 7)], [4, 7], p => Bound((u, q, w) => (functional(u, w) + q).tanh(), p)),
                "convolution" => new([Normal(2, 2, 3, 3) * 0.14, Normal(3, 2, 4, 5)], [3, 2, 4, 5],
                    p => Bound((u, q, w) => (nn.functional.conv2d(u, w, padding: [1, 1]) + q).tanh(), p)),
                "two scales" => TwoScales(),
                _ => new([Contracting(5, 0.4), Normal(4, 5)], [4, 5],
                    p => new CoupledMap(
                        (u, inputs) => (functional(u - (u.mean([0], keepdim: true) * 0.5), inputs.Shared[0]) + inputs.PerSample[0]).tanh(),
                        new MapInputs { PerSample = [p[1]], Shared = [p[0]], Parameters = [] })),
            };
        }
        finally
        {
            outer.Dispose();
        }

        static Tensor functional(Tensor u, Tensor w) => nn.functional.linear(u, w);
    }

    /// <summary>The map at the parameters, or at values given for them.</summary>
    public FixedPointMap Bind(Tensor[]? values = null) => _bind(values ?? Parameters);

    /// <summary>u* to rounding.</summary>
    public FixedPointSolution Solve(FixedPointMap map, FixedPointSolver? solver = null) => FixedPoint.Solve(
        map, zeros(_latent, ScalarType.Float64), solver ?? new AndersonSolver(), new StoppingRule { AbsoluteTolerance = 2e-14, MaxSteps = 2000 });

    /// <summary>A loss whose gradient depends on u.</summary>
    public Tensor Loss(Tensor latent) => (latent * _slope).sum() + (latent.square().sum() / 2);

    /// <summary>I - J^T of the whole batch as one dense matrix, at u*.</summary>
    public (Tensor Matrix, Tensor Gradient, Tensor Latent) Dense()
    {
        using FixedPointMap map = Bind();
        using FixedPointSolution solution = Solve(map);
        Tensor point = solution.Latent.clone().requires_grad_();
        Tensor mapped = map.Evaluate(point);
        long size = point.numel();
        Tensor identity = eye(size, dtype: ScalarType.Float64);
        Tensor[] columns = [.. Enumerable.Range(0, (int)size).Select(i =>
            VectorProducts.TransposeProduct(mapped, point, identity[i].reshape(_latent)).reshape(-1).detach())];
        return (identity - stack(columns, 1), LossGradient(point), point.detach());
    }

    /// <summary>The exact gradient of the parameters, by a dense solve.</summary>
    public Tensor[] Exact()
    {
        (Tensor matrix, Tensor gradient, Tensor latent) = Dense();
        Tensor direction = linalg.solve(matrix, gradient.reshape(-1)).reshape(_latent);
        using FixedPointMap map = Bind();
        Tensor mapped = map.Evaluate(latent);
        return [.. VectorProducts.TransposeProducts(mapped, Parameters, direction).Select(product => product!)];
    }

    /// <summary>The loss at its fixed point, for other values of the parameters.</summary>
    public double LossAt(Tensor[] values)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using FixedPointMap map = Bind(values);
        using FixedPointSolution solution = Solve(map);
        return Loss(solution.Latent).ToDouble();
    }

    public void Dispose() => _scope.Dispose();

    private Tensor LossGradient(Tensor latent) => VectorProducts.TransposeProduct(Loss(latent), latent, tensor(1.0, ScalarType.Float64)).detach();

    private static GradientProblem TwoScales()
    {
        LatentTuple tuple = new([2, 4, 4], [3, 2, 2]);
        return new([Contracting(tuple.Size, 0.9), Normal(3, tuple.Size)], [3, tuple.Size], p => Bound(
            (u, q, w) =>
            {
                Tensor[] fine = tuple.Unpack(u);
                Tensor[] mixed = tuple.Unpack(nn.functional.linear(u, w) + q);
                Tensor coarse = nn.functional.avg_pool2d(fine[0], 2).mean([1], keepdim: true) * 0.2;
                return tuple.Pack(mixed[0].tanh(), (mixed[1] + coarse).tanh());
            },
            p));
    }

    private static PerSampleMap Bound(Func<Tensor, Tensor, Tensor, Tensor> function, Tensor[] parameters) =>
        Bound(function, parameters[1], parameters[0].alias().DetachFromDisposeScope());

    private static PerSampleMap Bound(Func<Tensor, Tensor, Tensor, Tensor> function, Tensor q, Tensor weight) => new(
        (u, inputs) => function(u, inputs.PerSample[0], inputs.Shared[0]),
        new MapInputs { PerSample = [q], Shared = [weight], Parameters = [], Owned = [weight] });

    private static Tensor Normal(params long[] shape) => randn(shape, ScalarType.Float64);

    private static Tensor Contracting(long size, double norm)
    {
        Tensor matrix = Normal(size, size);
        return matrix * (norm / linalg.norm(matrix, 2).ToDouble());
    }
}
