using ImplicitNet.Training;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Tests.Training;

public sealed class EpochTotalsTests
{
    /// <summary>Batches of which 3 of 4, 1 of 4 and none count: means over the 4 that do, whatever the others would have added.</summary>
    [Fact]
    public void Means_are_over_the_samples_that_count()
    {
        EpochTotals totals = new(new TrainingPosition());
        Add(totals, [true, true, true, false], loss: 2, [1, 0, 1, 1]);
        Add(totals, [false, false, false, true], loss: 6, [1, 1, 1, 0]);
        Add(totals, [false, false, false, false], loss: double.NaN, [1, double.NaN, 1, 1]);
        Assert.Equal((4, 3.0, 0.5), (totals.Scores.Count, totals.Scores.Loss, totals.Scores.Mean(Measurement.Accuracy)));
        TrainingPosition position = totals.Into(new TrainingPosition(), 0);
        Assert.Equal((4, 12.0, 2.0), (position.Seen, position.LossSum, position.ScoreSums[Measurement.Accuracy]));
        EpochTotals resumed = new(position);
        Assert.Equal((3.0, 0.5), (resumed.Scores.Loss, resumed.Scores.Mean(Measurement.Accuracy)));
    }

    [Fact]
    public void Of_nothing_counted_there_is_no_mean()
    {
        EpochTotals totals = new(new TrainingPosition());
        Add(totals, [false, false], loss: double.NaN, [1, 1]);
        Assert.Equal((0, double.NaN, double.NaN), (totals.Scores.Count, totals.Scores.Loss, totals.Scores.Mean(Measurement.Accuracy)));
    }

    private static void Add(EpochTotals totals, bool[] included, double loss, double[] isRight) =>
        totals.Scores.Add(loss * included.Count(counts => counts), [(Measurement.Accuracy, isRight)], included);
}
