using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Solvers.Fronts;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Tests.Training.Evaluation;

public sealed class StepEvaluatorTests : TensorTest
{
    private static readonly int[] Steps = [1, 2, 3, 5, 8, 10, 15, 20, 30, 50];

    [Theory]
    [InlineData(5, 200, 64)]
    [InlineData(9, 200, 200)]
    [InlineData(17, 40, 1)]
    [InlineData(17, 90, 40)]
    public void Dead_ends_that_are_filled_step_by_step_give_the_accuracy_that_is_known(int side, int count, int batch)
    {
        Mazes mazes = new(side, count, batch);
        int[] deadEnds = [.. Enumerable.Range(0, count).Select(i => mazes[i].LongestDeadEnd)];
        using ImplicitNetwork network = DeadEndNetwork.Create();
        StepStudy study = StepEvaluator.Evaluate(network, new DenseClassification(), mazes, Steps);
        Assert.Equal(Steps, study.Steps);

        // After k steps the iterate of k - 1 rounds has been measured.
        Assert.Equal(Steps.Select(step => deadEnds.Count(rounds => rounds <= step - 1) / (double)count), study.Accuracy);
        Assert.Equal(deadEnds.Select(rounds => rounds + 1), study.Samples.Select(sample => sample.Steps));
        Assert.All(study.Samples, sample => Assert.Equal((SolveStatus.Converged, true), (sample.Status, sample.IsRight)));
        Assert.Equal(1, DifficultyChart.RankCorrelation(deadEnds, [.. study.Samples.Select(sample => sample.Steps)]), 12);
    }

    [Fact]
    public void Some_may_have_finished_before_the_first_step_that_is_asked_for()
    {
        Mazes mazes = new(9, 60, 60);
        using ImplicitNetwork network = DeadEndNetwork.Create();
        IReadOnlyList<double> all = StepEvaluator.Evaluate(network, new DenseClassification(), mazes, Steps).Accuracy;
        Assert.Equal([all[5], all[7]], StepEvaluator.Evaluate(network, new DenseClassification(), mazes, [10, 20]).Accuracy);
    }

    [Fact]
    public void The_accuracy_at_a_limit_is_that_of_a_solve_with_this_limit()
    {
        Mazes mazes = new(9, 60, 60);
        using ImplicitNetwork network = DeadEndNetwork.Create();
        SolveSettings settings = network.Settings with { Solver = new PicardSolver { Damping = 0.7 }, Stopping = network.Stopping with { Returned = ReturnedIterate.Last } };
        StepStudy study = StepEvaluator.Evaluate(network, new DenseClassification(), mazes, Steps, settings);
        foreach ((int step, double accuracy) in study.Steps.Zip(study.Accuracy))
        {
            EvaluationResult cut = Evaluator.Evaluate(network, new DenseClassification(), mazes, _ => settings with { Stopping = settings.Stopping with { MaxSteps = step } });
            Assert.Equal(cut.Accuracy, accuracy);
        }
    }

    [Fact]
    public void A_solver_that_makes_no_row_of_iterates_is_refused()
    {
        using ImplicitNetwork network = DeadEndNetwork.Create();
        Assert.StartsWith(
            "A solver that makes one iterate after another was expected; given: SolverChain",
            Assert.Throws<ArgumentException>(() => StepEvaluator.Evaluate(network, new DenseClassification(), new Mazes(5, 1), [1], network.Settings with { Solver = new SolverChain() })).Message);
    }

    [Fact]
    public void The_rank_correlation_is_that_of_the_textbook()
    {
        // By hand: ranks 1, 2, 3, 4 against 2, 1, 4, 3 differ by 1 each: 1 - 6 * 4 / (4 * 15).
        Assert.Equal(0.6, DifficultyChart.RankCorrelation([10, 20, 30, 40], [5, 1, 70, 60]), 12);
        Assert.Equal(-1, DifficultyChart.RankCorrelation([1, 2, 3], [9, 8, 0]), 12);

        // With ties, by the correlation of 1.5, 1.5, 3 and 1, 2, 3: 1.5 / sqrt(1.5 * 2).
        Assert.Equal(1.5 / Math.Sqrt(3), DifficultyChart.RankCorrelation([7, 7, 8], [1, 2, 3]), 12);
        Assert.True(double.IsNaN(DifficultyChart.RankCorrelation([7, 7], [1, 2])));
    }
}
