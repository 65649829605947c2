using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

public sealed class RefinedGradientTests : TensorTest
{
    private static readonly Dictionary<string, LinearSolver> Solvers = new()
    {
        ["gmres"] = new GmresSolver(),
        ["bicgstab"] = new BicgstabSolver(),
        ["cgnr"] = new CgnrSolver(),
        ["picard"] = new FixedPointLinearSolver(),
        ["anderson"] = new FixedPointLinearSolver { Solver = new AndersonSolver() },
        ["broyden"] = new FixedPointLinearSolver { Solver = new BroydenSolver() },
    };

    public static TheoryData<string> Names => [.. Solvers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_goes_to_what_the_dtype_resolves(string solver)
    {
        Assert.True(Residual(solver, 400, ScalarType.Float64, out _) < 1e-13);
        Assert.True(Residual(solver, 400, ScalarType.Float32, out _) < 1e-5);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_spends_no_more_products_than_it_says(string solver)
    {
        foreach (int products in new[] { 0, 1, 2, 3, 4, 5, 7, 12 })
        {
            Residual(solver, products, ScalarType.Float64, out long paid);

            // The system is evaluated once for its graph, which the report counts with the products.
            Assert.True(paid <= 3 * (products + 1), $"{products} allowed, {paid / 3.0 - 1} paid");
        }
    }

    private static double Residual(string solver, int products, ScalarType dtype, out long paid)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(12);
        Tensor matrix = randn(8, 8, dtype);
        matrix = matrix * 0.7 / linalg.norm(matrix, 2);
        using PerSampleMap map = new(u => u.mm(matrix));
        Tensor latent = randn(3, 8, dtype);
        Tensor gradient = randn(3, 8, dtype);
        using Linearization linearization = new(map, latent, "");
        AdjointContext at = new(gradient, linearization, null, new GradientReport());
        Tensor direction = new RefinedGradient { Products = products, Solver = Solvers[solver] }.Direction(at);
        paid = linearization.Paid;
        Tensor wide = direction.to(ScalarType.Float64);
        Tensor left = gradient.to(ScalarType.Float64) - (wide - wide.mm(matrix.to(ScalarType.Float64).t()));
        return (left.norm() / gradient.to(ScalarType.Float64).norm()).ToDouble();
    }
}
