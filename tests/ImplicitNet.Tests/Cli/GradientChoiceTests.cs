using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Models;
using ImplicitNet.Solvers;

namespace ImplicitNet.Tests.Cli;

public sealed class GradientChoiceTests
{
    public static TheoryData<string, string, FixedPointGradient> Choices => new()
    {
        { "jfb", "jfb", new JacobianFreeGradient() },
        { "neumann", "neumann:3", new NeumannGradient { Terms = 3 } },
        { "neumann:0", "neumann:0", new NeumannGradient { Terms = 0 } },
        { "phantom", "phantom:5:0.5", new PhantomGradient { Steps = 5, Damping = 0.5 } },
        { "phantom:2", "phantom:2:0.5", new PhantomGradient { Steps = 2, Damping = 0.5 } },
        { "phantom:007:.50", "phantom:7:0.5", new PhantomGradient { Steps = 7, Damping = 0.5 } },
        { "refined", "refined:5", new RefinedGradient { Products = 5 } },
        { "implicit", "implicit:gmres", new ImplicitGradient() },
        { "implicit:bicgstab", "implicit:bicgstab", new ImplicitGradient { Solver = new BicgstabSolver() } },
        { "implicit:cg", "implicit:cg", new ImplicitGradient { Solver = new ConjugateGradientSolver() } },
        { "implicit:cg-normal", "implicit:cg-normal", new ImplicitGradient { Solver = new CgnrSolver() } },
        { "implicit:fixed-point", "implicit:fixed-point", new ImplicitGradient { Solver = new FixedPointLinearSolver() } },
        { "implicit:anderson", "implicit:anderson", new ImplicitGradient { Solver = new FixedPointLinearSolver { Solver = new AndersonSolver() } } },
        { "implicit:broyden", "implicit:broyden", new ImplicitGradient { Solver = new FixedPointLinearSolver { Solver = new BroydenSolver() } } },
        { "inverse-reuse", "inverse-reuse:0", new InverseReuseGradient() },
        { "unrolled", "unrolled:20", new UnrolledGradient { Steps = 20 } },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void What_is_left_out_has_its_default(string given, string text, FixedPointGradient gradient)
    {
        GradientChoice choice = GradientChoice.Parse(given);
        Assert.Equal((text, gradient), (choice.Text, choice.Gradient));
        Assert.Equal(choice, GradientChoice.Parse(choice.Text));
    }

    [Theory]
    [InlineData("", "jfb, neumann:TERMS, phantom:STEPS:DAMPING", "given .")]
    [InlineData("JFB", "gradient must be one of", "given JFB")]
    [InlineData("jfb:1", "nothing more can be said than jfb")]
    [InlineData("neumann:-1", "neumann:TERMS", "-1 is no whole number of at least 0")]
    [InlineData("neumann:", "nothing is no whole number")]
    [InlineData("neumann:1.5", "1.5 is no whole number")]
    [InlineData("neumann:99999999999", "99999999999 is no whole number")]
    [InlineData("phantom:0", "0 is no whole number of at least 1")]
    [InlineData("phantom:5:0", "0 is no number above 0 and at most 1")]
    [InlineData("phantom:5:NaN", "NaN is no number")]
    [InlineData("phantom:5:0.5:1", "nothing more can be said")]
    [InlineData("implicit:lu", "lu is none of gmres, bicgstab, cg, cg-normal, forward-backward, peaceman-rachford, fixed-point, anderson, broyden")]
    [InlineData("unrolled:0", "at least 1")]
    public void What_cannot_be_read_is_refused_with_what_may_stand_there(string given, params string[] expected)
    {
        string message = Assert.Throws<ArgumentException>(() => GradientChoice.Parse(given)).Message;
        Assert.All(expected, text => Assert.Contains(text, message, StringComparison.Ordinal));
    }

    [Fact]
    public void The_inverse_is_kept_by_the_solver_that_builds_it_and_asked_of_no_other()
    {
        GradientChoice reuse = GradientChoice.Parse("inverse-reuse");
        Assert.Equal(new BroydenSolver { Memory = 7, KeepInverse = true }, reuse.Fit(new BroydenSolver { Memory = 7 }, "broyden"));
        Assert.Contains("the solver is picard", Assert.Throws<ArgumentException>(() => reuse.Fit(new PicardSolver(), "picard")).Message, StringComparison.Ordinal);
        Assert.Equal(new BroydenSolver(), GradientChoice.Parse("jfb").Fit(new BroydenSolver(), "broyden"));
    }
}
