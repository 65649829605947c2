using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>
/// Gradients and a linear solver of a user's own, beside closed forms. What holds for all of the library's, batches of any size, failures,
/// leaks, second derivatives, limits and statuses, the library's own tests hold them to.
/// </summary>
public sealed class OwnGradientsTests
{
    private const double Slope = 0.5;

    public static TheoryData<string, double> Directions => new()
    {
        // Of u = a u + b: du/db is 1 + a + a^2 + ..., cut off.
        { nameof(TwoTerms), 1 + Slope },
        { nameof(TwoSteps), 1 + Slope },
        { nameof(RichardsonSolver), 1 / (1 - Slope) },
        { nameof(Broken), double.NaN },
    };

    [Theory]
    [MemberData(nameof(Directions))]
    public void The_gradient_is_that_of_the_closed_form(string name, double expected)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor b = ones([3, 1], ScalarType.Float64).requires_grad_();
        GradientReport report = new();
        Tensor latent = Attach(name, b, report);
        latent.sum().backward();
        Assert.Equal(name == nameof(Broken), report.Failure is not null);
        Assert.True((b.grad! - expected).abs().max().ToDouble() < 1e-9 || double.IsNaN(expected), $"{b.grad}");
        Assert.Equal(double.IsNaN(expected), b.grad!.isnan().any().ToBoolean());
    }

    [Fact]
    public void A_failure_is_told_in_the_users_own_words()
    {
        using DisposeScope scope = NewDisposeScope();
        GradientReport report = new();
        Attach(nameof(Broken), ones([3, 1], ScalarType.Float64).requires_grad_(), report).sum().backward();
        Exception failure = Assert.Throws<InvalidOperationException>(report.ThrowIfFailed);
        Assert.Contains("The direction of Broken must be like the gradient g, [3, 1] Float64", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_latent_that_is_none_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor b = ones([3, 1], ScalarType.Float64).requires_grad_();
        Exception failure = Assert.Throws<InvalidOperationException>(() => Attach(nameof(Summed), b, new GradientReport()));
        Assert.Contains("The latent of Summed must be like u*, [3, 1] Float64", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_second_derivative_is_that_of_the_fixed_point()
    {
        // u = tanh(a u + b): u' = s (a u' + 1), s = 1 - u^2, and once more.
        using DisposeScope scope = NewDisposeScope();
        Tensor b = full([1, 1], 0.3, ScalarType.Float64).requires_grad_();
        using PerSampleMap map = new((u, inputs) => ((u * Slope) + inputs.PerSample[0]).tanh(), new MapInputs { PerSample = [b], Parameters = [] });
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(b), stopping: new StoppingRule { AbsoluteTolerance = 1e-14 });
        Tensor latent = new TwoTerms().Attach(map, solution);
        Tensor first = VectorProducts.TransposeProduct(latent, b, ones_like(latent), createGraph: true);
        Tensor second = VectorProducts.TransposeProduct(first, b, ones_like(first));
        double u = latent.ToDouble(), s = 1 - (u * u), slope = s / (1 - (Slope * s));
        Assert.Equal(-2 * u * slope * slope / (s * (1 - (Slope * s))), second.ToDouble(), 1e-9);
    }

    private static Tensor Attach(string name, Tensor b, GradientReport report)
    {
        using PerSampleMap map = new((u, q) => (u * Slope) + q, b);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(b));
        FixedPointGradient gradient = name switch
        {
            nameof(TwoTerms) => new TwoTerms(),
            nameof(TwoSteps) => new TwoSteps(),
            nameof(Broken) => new Broken(),
            nameof(Summed) => new Summed(),
            _ => new ImplicitGradient { Solver = new RichardsonSolver() },
        };
        return gradient.Attach(map, solution, report);
    }

    private sealed record Broken : AdjointGradient
    {
        public override Tensor Direction(AdjointContext at) => at.Gradient.sum();
    }

    private sealed record Summed : FixedPointGradient
    {
        protected override Tensor AttachCore(FixedPointMap map, FixedPointSolution solution, GradientReport report) => solution.Latent.sum();
    }
}
