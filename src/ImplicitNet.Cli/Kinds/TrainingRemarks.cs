using System.Globalization;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Training;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What is said at the end of a training that has taught nothing, and what to try.</summary>
/// <remarks>
/// Two findings, neither of which a training that works can show: a loss at the end above twice that of a network that knows nothing, not
/// for want of training images but on these too, and an accuracy that guessing could have had.
/// </remarks>
internal static class TrainingRemarks
{
    // Of guesses, one in 700 is better than three deviations above their mean.
    private const double Deviations = 3;

    /// <summary>The remarks; none for a training that works.</summary>
    /// <param name="settings">What was run.</param>
    /// <param name="usualRate">The learning rate of such runs where nobody says otherwise.</param>
    /// <param name="training">How it went.</param>
    /// <param name="accuracy">On test images; null where it is not known.</param>
    /// <param name="labels">Those of the test images.</param>
    /// <param name="classes">How many there are.</param>
    public static IReadOnlyList<string> Of(
        RunSettings settings, double usualRate, TrainingResult training, double? accuracy, ReadOnlySpan<byte> labels, int classes)
    {
        List<string> remarks = [];
        double ignorance = Math.Log(classes);
        if (training.Epochs is [.., { TrainLoss: { } trained, ValidationLoss: { } loss }] && trained > ignorance && loss > 2 * ignorance)
        {
            remarks.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"Training has run away: the validation loss ended at {Amount(loss)}, and that of a network that knows nothing is "
                    + $"{ignorance:0.00}. Try {Smaller(settings, usualRate)}."));
        }

        // Who always names the most frequent class is right so often.
        int[] counts = new int[classes];
        foreach (byte label in labels)
        {
            counts[label]++;
        }

        double chance = (double)counts.Max() / Math.Max(1, labels.Length);
        double most = chance + (Deviations * Math.Sqrt(chance * (1 - chance) / Math.Max(1, labels.Length)));
        if (accuracy <= most)
        {
            string advice = settings.LearningRate > 3 * usualRate
                ? Smaller(settings, usualRate)
                : "more --epochs, or another --learning-rate";
            remarks.Add($"The test accuracy of {Display.Percent(accuracy.Value)} is one that guessing has too "
                + $"({Display.Percent(chance)}){(remarks.Count > 0 ? "." : $": try {advice}.")}");
        }

        return remarks;
    }

    private static string Smaller(RunSettings settings, double usualRate) => settings.LearningRate > usualRate
        ? $"--learning-rate {Display.Number(usualRate, "0.######")}, the default "
            + $"(it was {Display.Number(settings.LearningRate, "0.######")})"
        : $"a smaller --learning-rate (it was {Display.Number(settings.LearningRate, "0.########")}), or --clip-norm 1";

    private static string Amount(double loss) => loss < 1e4 ? Display.Number(loss, "0.00") : Display.Count((long)Math.Min(loss, 1e18));
}
