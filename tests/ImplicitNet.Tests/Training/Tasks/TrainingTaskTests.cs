using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Tasks;

/// <summary>Losses and measurements of every task against sums made by hand, in both dtypes.</summary>
public sealed class TrainingTaskTests : TensorTest
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Classification_is_the_cross_entropy_and_its_accuracy(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = new(zeros(2, 1), tensor(new long[] { 0, 1 }), tensor(new double[] { 1, 3 }));
        Tensor output = tensor(new[,] { { Math.Log(3), 0.0 }, { 0.0, 0.0 } }).to(dtype);
        Classification task = new();
        AssertClose([-Math.Log(0.75), 3 * Math.Log(2)], task.Losses(output, batch));
        Assert.Equal([1, 0], Values(task, output, batch, Measurement.Accuracy));
        Assert.Equal(Score.Accuracy, task.Score);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Dense_classification_leaves_masked_cells_out_and_an_answer_is_right_as_a_whole(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();

        // Two samples of three cells: the first is wrong in its masked cell alone, the second in one that counts.
        using Batch batch = new(zeros(2, 1), tensor(new long[,] { { 0, 1, 0 }, { 0, 1, 0 } }), tensor(new float[,] { { 1, 1, 0 }, { 1, 1, 1 } }));
        double wrong = Math.Log(3);
        Tensor first = tensor(new[, ,] { { { wrong, 0.0, 0.0 }, { 0.0, wrong, wrong } }, { { wrong, wrong, wrong }, { 0.0, 0.0, 0.0 } } }).to(dtype);
        DenseClassification task = new();
        double right = -Math.Log(0.75), other = -Math.Log(0.25);
        AssertClose([right, ((2 * right) + other) / 3], task.Losses(first, batch));
        Assert.Equal([1, 0], Values(task, first, batch, Measurement.Accuracy));
        AssertClose([1, 2.0 / 3], Values(task, first, batch, "cells"));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Signed_regression_is_square_near_and_straight_far_away_and_right_by_its_signs(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = tensor(new[,] { { 0.5, -3.0 }, { 1.0, 0.0 } }).to(dtype);
        Tensor targets = tensor(new[,] { { 1.0, -1.0 }, { 1.0, -1.0 } });
        SignedRegression task = new();
        using Batch plain = new(zeros(2, 1), targets.alias());
        AssertClose([(0.125 + 1.5) / 2, (0 + 0.5) / 2], task.Losses(output, plain));
        Assert.Equal([1, 0], Values(task, output, plain, Measurement.Accuracy));
        using Batch bySample = new(zeros(2, 1), targets.alias(), tensor(new[] { 2.0, 0.5 }));
        AssertClose([1.625, 0.125], task.Losses(output, bySample));
        using Batch flat = new(zeros(2, 1), tensor(new[] { -1f, 1f }));
        Assert.Equal([0, 1], Values(task, tensor(new[,] { { double.NaN }, { 2.0 } }).to(dtype), flat, Measurement.Accuracy));
        Assert.Throws<ArgumentException>(() => task.Losses(output, flat));
        Assert.Equal(Score.Loss, task.Score);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Regression_is_the_mean_square_by_weights_of_samples_or_elements(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = tensor(new[,] { { 1.0, 2.0 }, { 3.0, 5.0 } }).to(dtype);
        Tensor targets = tensor(new[,] { { 0.0, 0.0 }, { 3.0, 1.0 } });
        Regression task = new();
        using Batch plain = new(zeros(2, 1), targets.alias());
        AssertClose([2.5, 8], task.Losses(output, plain));
        AssertClose([1.5, 2], Values(task, output, plain, "absolute error"));
        using Batch bySample = new(zeros(2, 1), targets.alias(), tensor(new[] { 2.0, 0.5 }));
        AssertClose([5, 4], task.Losses(output, bySample));
        using Batch byElement = new(zeros(2, 1), targets.alias(), tensor(new[,] { { 3.0, 1.0 }, { 0.0, 0.0 } }));
        AssertClose([1.75, 0], task.Losses(output, byElement));
    }

    /// <summary>[n] and [n, 1] are one shape; anything else torch would compare each with each, without a word.</summary>
    [Fact]
    public void Targets_of_one_column_fit_outputs_of_one_column_and_others_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = new(zeros(3, 1), tensor(new[] { 1.0, 2, 3 }), tensor(new[] { 1.0, 1, 2 }));
        AssertClose([0, 0, 2], new Regression().Losses(tensor(new[,] { { 1.0 }, { 2 }, { 4 } }), batch));
        ArgumentException refused = Assert.Throws<ArgumentException>(() => new Regression().Losses(zeros(3, 2), batch));
        Assert.Contains("outputs [3, 2], targets [3]", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Restoration().Losses(zeros(3, 4), batch));
        Assert.Throws<ArgumentException>(() => new Classification().Losses(zeros(3), batch));
        Assert.Throws<ArgumentException>(() => new DenseClassification().Losses(zeros(3, 2), batch));
        Assert.Throws<ArgumentException>(() => new NextToken().Losses(zeros(3, 2), batch));
        using Batch weighted = new(zeros(3, 1), tensor(new[] { 1.0, 2, 3 }), zeros(3, 7));
        Assert.Throws<ArgumentException>(() => new Regression().Losses(zeros(3), weighted));
    }

    [Fact]
    public void The_psnr_is_in_decibels_of_the_peak()
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = new(zeros(2, 1), zeros(2, 1, 2, 2));
        Tensor output = stack([full([1, 2, 2], 0.1), full([1, 2, 2], 10.0)]);
        AssertClose([0.01, 100], new Restoration().Losses(output, batch), 1e-6);
        AssertClose([20, -20], Values(new Restoration(), output, batch, "psnr"), 1e-5);
        AssertClose([68.1308, 28.1308], Values(new Restoration { Peak = 255 }, output, batch, "psnr"), 1e-5);
        Assert.True(new Restoration().Score is { Name: "psnr", IsHigherBetter: true });

        // One that is exact does not outweigh all others.
        AssertClose([120, -20], Values(new Restoration(), stack([zeros(1, 2, 2), output[1]]), batch, "psnr"), 1e-5);
    }

    [Fact]
    public void The_next_token_is_a_mean_over_places_and_padding_does_not_count()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = tensor(new[, ,] { { { Math.Log(3), 0.0 }, { 0.0, 0.0 } }, { { 0.0, Math.Log(3) }, { 0.0, Math.Log(3) } } });
        using Batch batch = new(zeros(2, 2), tensor(new long[,] { { 0, 1 }, { 1, 0 } }));
        double right = -Math.Log(0.75), even = Math.Log(2), wrong = -Math.Log(0.25);
        AssertClose([(right + even) / 2, (right + wrong) / 2], new NextToken().Losses(output, batch));
        AssertClose([0.5, 0.5], Values(new NextToken(), output, batch, "tokens"));
        using Batch padded = new(zeros(2, 2), tensor(new long[,] { { 0, 1 }, { 1, 0 } }), tensor(new[,] { { 1.0, 1 }, { 1, 0 } }));
        AssertClose([(right + even) / 2, right], new NextToken().Losses(output, padded));
        AssertClose([0.5, 1], Values(new NextToken(), output, padded, "tokens"));
    }

    [Fact]
    public void A_class_that_there_is_not_is_refused_unless_its_weight_is_0()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor one = tensor(new long[] { 1, -100 }), rows = one.unsqueeze(0), logits = zeros(1, 2, 3);
        (TrainingTask Task, Tensor Output, Tensor Targets)[] all =
        [
            (new Classification(), zeros(2, 3), one),
            (new DenseClassification(), logits.transpose(1, 2), rows),
            (new NextToken(), logits, rows),
        ];
        foreach ((TrainingTask task, Tensor output, Tensor targets) in all)
        {
            using Batch whole = new(zeros_like(targets), targets.clone());
            Exception refused = Assert.ThrowsAny<Exception>(() => task.Losses(output, whole));
            Assert.Contains("-100", refused.Message, StringComparison.Ordinal);
            Tensor weights = targets.ge(0).to(ScalarType.Float32);
            using Batch masked = new(zeros_like(targets), targets.clone(), weights);
            Assert.Equal(Math.Log(3), task.Losses(output, masked).sum().ToDouble(), 1e-6);
        }
    }

    [Fact]
    public void What_is_no_loss_a_sample_is_refused_by_name()
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = new(zeros(2, 1), zeros(2, 1));
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => TrainedModel.Losses(new OneNumber(), zeros(2, 1), batch));
        Assert.Contains("OneNumber must give one floating-point loss for each of 2 samples. Given: Float32 []", refused.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => TrainedModel.Measure(new Twice(), zeros(2, 1), batch));
    }

    private static double[] Values(TrainingTask task, Tensor output, Batch batch, string name) =>
        TrainedModel.Measure(task, output, batch).Single(measured => measured.Name == name).Values;

    private static void AssertClose(double[] expected, Tensor actual, double tolerance = 1e-6) =>
        AssertClose(expected, [.. actual.to(ScalarType.Float64).data<double>()], tolerance);

    private static void AssertClose(double[] expected, double[] actual, double tolerance = 1e-6)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - (tolerance * (1 + Math.Abs(pair.First))), pair.First + (tolerance * (1 + Math.Abs(pair.First)))));
    }

    private sealed record OneNumber : TrainingTask
    {
        public override Tensor Losses(Tensor output, Batch batch) => output.mean();
    }

    private sealed record Twice : TrainingTask
    {
        public override Tensor Losses(Tensor output, Batch batch) => output.mean([1]);

        public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) => [new("same", output[.., 0]), new("same", output[.., 0])];
    }
}
