using ImplicitNet.Flows;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

/// <summary>The problems that solvers are measured by, at an absolute tolerance as there.</summary>
public sealed class DetestTests : TensorTest
{
    private const double Tolerance = 1e-8;

    public static TheoryData<string> Names => [.. DetestProblem.All.Select(problem => problem.Name)];

    [Fact]
    public void There_are_five_problems_of_each_of_five_classes() => Assert.Equal(
        from letter in "ABCDE" from number in "12345" select $"{letter}{number}", DetestProblem.All.Select(problem => problem.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_problem_of_DETEST_ends_within_a_hundred_tolerances(string name)
    {
        DetestProblem problem = DetestProblem.All.Single(one => one.Name == name);
        using PerSampleField field = new((t, u) => stack(problem.Field(t, u), 1));
        using Tensor start = tensor(problem.Start, [1, problem.Start.Length]);
        foreach (ButcherTableau tableau in (ButcherTableau[])[ButcherTableau.Tsit5, ButcherTableau.Dopri5])
        {
            using FlowSolution flow = Flow.Solve(
                field, start, FlowTimes.Between(0, DetestProblem.Time), new ExplicitRungeKutta(tableau),
                new PidController { RelativeTolerance = 0, AbsoluteTolerance = Tolerance });
            Assert.Equal(FlowStatus.Completed, flow.Report.Samples[0].Status);
            Assert.Equal(DetestProblem.Time, flow.Report.Samples[0].Time);
            double[] end = [.. flow.State.data<double>()];
            double worst = problem.End.Zip(end, (expected, found) => Math.Abs(expected - found)).Max();
            Assert.True(worst <= 100 * Tolerance, $"{name} by {tableau}: {worst / Tolerance:0.0} tolerances off in {flow.Report}");
        }
    }
}
