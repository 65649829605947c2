using ImplicitNet.Files;
using ImplicitNet.Training.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ImplicitNet.Tests.Training.Data;

/// <summary>The default data set is worth learning: more than a linear classifier can do, and not noise.</summary>
public sealed class StrokeDigitsDifficultyTests : TensorTest
{
    private const int Steps = 120;
    private const int StepsPerReading = 10;

    [Fact]
    public void A_linear_classifier_trained_past_its_best_stays_under_95_percent_and_over_70()
    {
        using IDisposable scope = NewDisposeScope();
        DataSplits splits = StrokeDigits.Generate();
        PixelNormalization normalization = PixelNormalization.Of(splits.Train);
        (Tensor images, Tensor labels) = Flat(splits.Train, normalization);
        (Tensor testImages, Tensor testLabels) = Flat(splits.Test, normalization);
        Tensor truth = functional.one_hot(labels, StrokeDigits.ClassCount).to(float32);

        // Multinomial logistic regression (a convex problem, so the start does not matter) by Adam over the whole training part.
        Tensor weights = zeros(StrokeDigits.ClassCount, images.shape[1]);
        Tensor mean = zeros_like(weights), meanSquare = zeros_like(weights);
        List<double> accuracies = [];
        for (int step = 1; step <= Steps; step++)
        {
            using IDisposable stepScope = NewDisposeScope();
            Tensor gradient = (functional.softmax(images.mm(weights.t()), 1) - truth).t().mm(images) / splits.Train.Count;
            mean.mul_(0.9).add_(gradient, 0.1);
            meanSquare.mul_(0.999).add_(gradient * gradient, 0.001);
            Tensor change = mean / (1 - Math.Pow(0.9, step)) / ((meanSquare / (1 - Math.Pow(0.999, step))).sqrt() + 1e-8);
            weights.add_(change, -0.02);
            if (step % StepsPerReading == 0)
            {
                accuracies.Add(Accuracy(testImages.mm(weights.t()), testLabels));
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"test accuracy every {StepsPerReading} steps: {string.Join(' ', accuracies)}");
        Assert.True(accuracies.IndexOf(accuracies.Max()) < accuracies.Count - 1, "the best accuracy came last: train longer");
        Assert.InRange(accuracies.Max(), 0.70, 0.95);
    }

    // A last column of ones takes the place of the bias.
    private static (Tensor Images, Tensor Labels) Flat(ImageDataset dataset, PixelNormalization normalization)
    {
        ImageBatches source = new(dataset, new BatchOptions { Normalization = normalization });
        using Batch batch = source.Read([.. Enumerable.Range(0, dataset.Count)]);
        return (cat([batch.Inputs.reshape(dataset.Count, dataset.ImageSize), ones(dataset.Count, 1)], 1), batch.Targets.clone());
    }

    private static double Accuracy(Tensor scores, Tensor labels) => scores.argmax(1).eq(labels).mean([0], type: float64).item<double>();
}
