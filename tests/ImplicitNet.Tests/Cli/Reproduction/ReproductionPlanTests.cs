using ImplicitNet.Cli.Reproduction;

namespace ImplicitNet.Tests.Cli.Reproduction;

public sealed class ReproductionPlanTests
{
    private const double Margin = 1.25;
    private static readonly long[] Seeds = [1, 2, 3];

    // 20 s a run, 45 s an epoch, in all.
    private static readonly TrainingCost[] Costs = [Cost("jfb", 10, 5), Cost("published", 10, 5), Cost("cg", 25, 10)];

    [Fact]
    public void With_time_for_all_there_are_all_seeds_and_as_many_epochs_as_fit()
    {
        ReproductionPlan plan = Plan(Margin * 3 * (20 + (7 * 45)));
        Assert.Equal("jfb published cg, 7, 1 2 3", Words(plan));
        Assert.Empty(plan.LeftOut);
        Assert.Equal(Margin * 3 * (20 + (7 * 45)), plan.ExpectedSeconds, 9);
        Assert.Equal(6, Plan((Margin * 3 * (20 + (7 * 45))) - 1).Epochs);
        Assert.Equal(4, Plan(1e9, most: 4).Epochs);
        Assert.Equal(Seeds, Plan(1e9, most: 4).Seeds);
    }

    [Fact]
    public void Seeds_are_given_up_before_there_are_fewer_than_five_epochs()
    {
        double fiveForTwo = Margin * 2 * (20 + (5 * 45));
        ReproductionPlan plan = Plan(fiveForTwo);
        Assert.Equal("jfb published cg, 5, 1 2", Words(plan));
        Assert.Equal("The seed 3: with it fewer than 5 epochs would have been left to each run.", Assert.Single(plan.LeftOut));
        plan = Plan(fiveForTwo - 1);
        Assert.Equal("jfb published cg, 10, 1", Words(plan));
        Assert.Contains("seeds 2, 3: with them", Assert.Single(plan.LeftOut), StringComparison.Ordinal);
    }

    [Fact]
    public void Trainings_are_given_up_from_the_last_where_not_one_epoch_of_all_fits()
    {
        ReproductionPlan plan = Plan((Margin * 65) - 1);
        Assert.Equal("jfb published, 2, 1", Words(plan));
        Assert.StartsWith("The training cg: an epoch of it takes about 25 s", plan.LeftOut[0], StringComparison.Ordinal);
        Assert.Equal(Costs, plan.Costs);
        Assert.Equal("jfb, 1, 1", Words(Plan(Margin * 15)));
        Assert.Equal(Margin * 15, ReproductionPlan.LeastSeconds(Costs), 9);
        Assert.Null(ReproductionPlan.For((Margin * 15) - 1e-6, Costs, Seeds, 10));
        Assert.Null(ReproductionPlan.For(-5, Costs, Seeds, 10));
    }

    [Fact]
    public void What_cannot_be_planned_is_refused()
    {
        Assert.Throws<ArgumentException>(() => ReproductionPlan.For(1, [], Seeds, 1));
        Assert.Throws<ArgumentException>(() => ReproductionPlan.For(1, Costs, [], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ReproductionPlan.For(1, Costs, Seeds, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cost("x", 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cost("x", double.NaN, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cost("x", 1, -1));
    }

    private static string Words(ReproductionPlan plan) => $"{string.Join(' ', plan.Trainings)}, {plan.Epochs}, {string.Join(' ', plan.Seeds)}";

    private static ReproductionPlan Plan(double seconds, int most = 100) => ReproductionPlan.For(seconds, Costs, Seeds, most)!;

    private static TrainingCost Cost(string name, double epoch, double run) => new() { Name = name, SecondsPerEpoch = epoch, SecondsPerRun = run };
}
