using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Theory;

/// <summary>
/// The map u -> J u + D theta, with ||J|| = gamma: what every smooth map is at its fixed point. float64, a batch of one sample.
/// </summary>
/// <param name="Jacobian">J: [n, n].</param>
/// <param name="Factor">D = dR/dtheta: [n, p].</param>
internal sealed record LinearContraction(Tensor Jacobian, Tensor Factor)
{
    public long Size => Jacobian.shape[0];

    /// <summary>A random matrix of a given norm.</summary>
    public static Tensor OfNorm(long size, double norm)
    {
        Tensor matrix = randn(size, size, ScalarType.Float64);
        return matrix * (norm / linalg.norm(matrix, 2).ToDouble());
    }

    /// <summary>A symmetric positive matrix with eigenvalues spread evenly, in logarithms, from 1 to kappa, in random directions.</summary>
    public static Tensor OfCondition(long size, double kappa)
    {
        (Tensor directions, _) = linalg.qr(randn(size, size, ScalarType.Float64));
        Tensor eigenvalues = pow(kappa, arange(size, ScalarType.Float64) / (size - 1));
        return directions.mm(diag(eigenvalues)).mm(directions.t());
    }

    /// <summary>The direction that a gradient takes for g: [n] to [n].</summary>
    public Tensor Direction(AdjointGradient gradient, Tensor g)
    {
        using PerSampleMap map = new(u => u.mm(Jacobian.t()));
        using Linearization linearization = new(map, zeros(1, Size, ScalarType.Float64), "");
        return gradient.Direction(new AdjointContext(g.reshape(1, -1), linearization, null, new GradientReport())).flatten();
    }

    /// <summary>(I - J^T)^-1 g, by a dense solve.</summary>
    public Tensor Exact(Tensor g) => linalg.solve(eye(Size, dtype: ScalarType.Float64) - Jacobian.t(), g);

    /// <summary>d(g . u*)/dtheta by a gradient, through a solve and the graph, as a network has it.</summary>
    public Tensor ParameterGradient(FixedPointGradient gradient, Tensor g)
    {
        Tensor theta = zeros([1, Factor.shape[1]], ScalarType.Float64).requires_grad_();
        using PerSampleMap map = new(
            (u, inputs) => u.mm(Jacobian.t()) + inputs.Shared[0].mm(Factor.t()), new MapInputs { Shared = [theta.alias()], Parameters = [] });
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, Size, ScalarType.Float64));
        Tensor loss = (gradient.Attach(map, solution) * g).sum();
        return VectorProducts.TransposeProduct(loss, theta, ones_like(loss)).flatten();
    }
}
