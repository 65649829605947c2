using ImplicitNet.Gradients;
using ImplicitNet.Training;
using ImplicitNet.Training.Checkpoints;

namespace ImplicitNet.Tests.Training;

public sealed class EscalationPolicyTests
{
    private static readonly EscalationPolicy Policy = new();

    [Fact]
    public void The_defaults_are_pinned()
    {
        Assert.Equal([new JacobianFreeGradient(), new RefinedGradient(), new ImplicitGradient()], Policy.Gradients);
        Assert.Equal((0.9, 0.98, 2), (Policy.RaiseBelow, Policy.LowerFrom, Policy.Patience));
        Assert.Equal([new Backsolve(), new DiscreteAdjoint()], Policy.FlowGradients);
        Assert.Contains("RefinedGradient { ", Policy.ToString(), StringComparison.Ordinal);

        // Checkpoints of before there were flows know the policy by its text.
        Assert.DoesNotContain("Flow", Policy.ToString(), StringComparison.Ordinal);
        Assert.Contains("TruncatedAdjoint { Steps = 3", (Policy with { FlowGradients = [new TruncatedAdjoint { Steps = 3 }, new Backsolve()] }).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_goes_up_after_bad_certificates_in_a_row_and_no_further_than_the_last()
    {
        Assert.Equal([0, 1, 1, 2, 2, 2], Levels((0.5, double.NaN), (0.5, 0.5), (0.5, 0.5), (0.5, 0.5), (0.5, 0.5), (0.5, 0.5)));
        Assert.Equal([0, 0, 0, 1], Levels((0.5, double.NaN), (0.95, double.NaN), (0.5, double.NaN), (0.5, double.NaN)));
    }

    [Fact]
    public void It_goes_down_when_the_cheaper_gradient_is_good_again()
    {
        Assert.Equal([0, 1, 1, 0], Levels((0.5, double.NaN), (0.5, double.NaN), (1, 0.99), (1, 0.98)));
        Assert.Equal([0, 1, 1, 1, 1], Levels((0.5, double.NaN), (0.5, double.NaN), (1, 0.99), (1, 0.97), (1, 0.99)));
    }

    [Fact]
    public void Of_two_lists_the_longer_says_how_far_it_goes_and_the_last_of_the_other_stays()
    {
        EscalationPolicy policy = new() { FlowGradients = [.. Enumerable.Range(1, 4).Select(steps => new TruncatedAdjoint { Steps = steps }), new DiscreteAdjoint()] };
        Assert.Equal((5, 3), (policy.Levels, Policy.Levels));
        Assert.Equal((new ImplicitGradient(), new TruncatedAdjoint { Steps = 4 }), (policy.At(3), policy.FlowAt(3)));
        Assert.Equal((new ImplicitGradient(), new DiscreteAdjoint()), (Policy.At(2), Policy.FlowAt(2)));
        Assert.Equal(4, policy.Next(new EscalationState(3, 1, 0), 0.5, double.NaN).Level);
        Assert.Equal(4, policy.Next(new EscalationState(4, 1, 0), 0.5, double.NaN).Level);
    }

    [Fact]
    public void What_is_not_known_breaks_no_row() =>
        Assert.Equal([0, 0, 1], Levels((0.5, double.NaN), (double.NaN, double.NaN), (0.5, double.NaN)));

    [Fact]
    public void Bad_options_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new EscalationPolicy { Gradients = [new JacobianFreeGradient()] });
        Assert.Throws<ArgumentException>(() => new EscalationPolicy { Gradients = [new JacobianFreeGradient(), null!] });
        Assert.Throws<ArgumentException>(() => new EscalationPolicy { FlowGradients = [new Backsolve()] });
        Assert.Throws<ArgumentException>(() => new EscalationPolicy { FlowGradients = [new Backsolve(), null!] });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EscalationPolicy { RaiseBelow = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EscalationPolicy { LowerFrom = 1.1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EscalationPolicy { Patience = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { CertificateSteps = 0 });
        Assert.Throws<ArgumentNullException>(() => new TrainingOptions { Certifier = null! });
        Assert.Contains("CertificateSteps", Assert.Throws<ArgumentException>(() => Policy.EnsureUsable(null)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => (Policy with { RaiseBelow = 0.99 }).EnsureUsable(5));
    }

    private static IEnumerable<int> Levels(params (double Cosine, double Lower)[] certificates)
    {
        EscalationState state = default;
        foreach ((double cosine, double lower) in certificates)
        {
            state = Policy.Next(state, cosine, lower);
            yield return state.Level;
        }
    }
}
