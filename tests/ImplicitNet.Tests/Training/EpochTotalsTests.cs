using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

public sealed class EpochTotalsTests : TensorTest
{
    /// <summary>Batches of which 3 of 4, 1 of 4 and none count: means over the 4 that do, whatever the others would have added.</summary>
    [Fact]
    public void Means_are_over_the_samples_that_count()
    {
        using DisposeScope scope = NewDisposeScope();
        EpochTotals totals = new(new TrainingPosition());
        Add(totals, [true, true, true, false], loss: 2, [true, false, true, true]);
        Add(totals, [false, false, false, true], loss: 6, [true, true, true, false]);
        Add(totals, [false, false, false, false], loss: double.NaN, [true, true, true, true]);
        Assert.Equal((4, 3.0, 0.5), (totals.Seen, totals.Loss, totals.Accuracy));
        TrainingPosition position = totals.Into(new TrainingPosition(), 0);
        Assert.Equal((4, 12.0, 2), (position.Seen, position.LossSum, position.Correct));
        Assert.Equal(3.0, new EpochTotals(position).Loss);
    }

    [Fact]
    public void Of_nothing_counted_there_is_no_mean()
    {
        using DisposeScope scope = NewDisposeScope();
        EpochTotals totals = new(new TrainingPosition());
        Add(totals, [false, false], loss: double.NaN, [true, true]);
        Assert.Equal((0, double.NaN, double.NaN), (totals.Seen, totals.Loss, totals.Accuracy));
    }

    private static void Add(EpochTotals totals, bool[] included, double loss, bool[] isRight)
    {
        using ImplicitNetwork network = SmallTraining.Network();
        using IDisposable noGraph = no_grad();
        using ImplicitResult solved = network.Run(zeros(included.Length, 1, 28, 28));
        using ImplicitResult result = new(solved.Output.alias(), solved.Latent.alias(), solved.Report, new GradientReport(), included);
        totals.Add(result, new JacobianFreeGradient(), loss, isRight);
    }
}
