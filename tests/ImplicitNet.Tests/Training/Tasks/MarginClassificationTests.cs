using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Tasks;

/// <summary>The loss that aims at a radius.</summary>
public sealed class MarginClassificationTests : TensorTest
{
    private static readonly double[,] Outputs = { { 3, 1, 0.5 }, { 0.2, 0.9, 1 }, { 2, -1, 5 } };

    [Fact]
    public void The_loss_is_its_formula()
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = Of();
        MarginClassification task = new() { Margin = 0.7, Temperature = 0.5 };
        double[] losses = [.. task.Losses(tensor(Outputs), batch).data<double>()];
        for (int sample = 0; sample < 3; sample++)
        {
            double right = (Outputs[sample, sample] - (Math.Sqrt(2) * 0.7)) / 0.5;
            double others = Enumerable.Range(0, 3).Where(j => j != sample).Sum(j => Math.Exp(Outputs[sample, j] / 0.5));
            Assert.Equal(0.5 * (Math.Log(Math.Exp(right) + others) - right), losses[sample], 1e-12);
        }

        // Without a margin, at temperature 1, it is the cross-entropy, and where it is cold the hinge.
        Assert.Equal(
            new Classification().Losses(tensor(Outputs), batch).data<double>().ToArray(),
            new MarginClassification { Margin = 0, Temperature = 1 }.Losses(tensor(Outputs), batch).data<double>().ToArray());
        double[] cold = [.. (task with { Temperature = 1e-3 }).Losses(tensor(Outputs), batch).data<double>()];
        Assert.Equal(0, cold[0], 1e-12);
        Assert.Equal((Math.Sqrt(2) * 0.7) + 0.1, cold[1], 1e-6);
    }

    // The second is wrong; the first leads by 2 and the third by 3, of which the root of 2 is 1.41 and 2.12.
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1.41, 2)]
    [InlineData(1.42, 1)]
    [InlineData(2.13, 0)]
    public void A_sample_is_within_the_margin_where_it_leads_by_the_root_of_two_times_as_much(double margin, int within)
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = Of();
        IReadOnlyList<Measurement> measured = new MarginClassification { Margin = margin }.Measure(tensor(Outputs), batch);
        Assert.Equal(["accuracy", "within"], measured.Select(item => item.Name));
        Assert.Equal(2, measured[0].Values.sum().ToInt64());
        Assert.Equal(within, measured[1].Values.sum().ToInt64());
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_the_defaults_are_these()
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = Of();
        MarginClassification task = new();
        Assert.Equal((1.2, 0.15), (task.Margin, task.Temperature));
        Assert.Throws<ArgumentException>("output", () => task.Losses(zeros(3), batch));
        Assert.Throws<ArgumentException>("output", () => task.Measure(zeros(2, 3), batch));
        foreach (double wrong in (double[])[-1, double.NaN, double.PositiveInfinity])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => task with { Margin = wrong });
            Assert.Throws<ArgumentOutOfRangeException>(() => task with { Temperature = wrong });
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => task with { Temperature = 0 });
        using Batch weighed = Of(tensor(new double[] { 1, 0.5, 0 }));
        double[] whole = [.. task.Losses(tensor(Outputs), batch).data<double>()];
        double[] weighted = [.. task.Losses(tensor(Outputs), weighed).data<double>()];
        Assert.Equal([whole[0], whole[1] / 2, 0], weighted);
    }

    private static Batch Of(Tensor? weights = null) => new(zeros(3, 1), tensor(new long[] { 0, 1, 2 }), weights);
}
