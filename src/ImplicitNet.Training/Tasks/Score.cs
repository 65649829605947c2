namespace ImplicitNet.Training.Tasks;

/// <summary>The number of a validation that chooses the best epoch.</summary>
/// <param name="Name">The loss, or the name of one of the task's measurements.</param>
/// <param name="IsHigherBetter">Whether a larger number is better.</param>
public readonly record struct Score(string Name, bool IsHigherBetter)
{
    private const string LossName = "loss";

    /// <summary>The mean loss: the smaller, the better.</summary>
    public static Score Loss { get; } = new(LossName, IsHigherBetter: false);

    /// <summary>The share of the answers that are entirely right: the larger, the better.</summary>
    public static Score Accuracy { get; } = new(Measurement.Accuracy, IsHigherBetter: true);

    /// <summary>Its value among those of a data set; NaN where it is not there.</summary>
    internal double Of(double loss, IReadOnlyDictionary<string, double> scores) =>
        Name == LossName ? loss : scores.GetValueOrDefault(Name, double.NaN);

    /// <summary>Whether one value is better than another; anything is better than NaN.</summary>
    internal bool IsBetter(double value, double than) =>
        !double.IsNaN(value) && (double.IsNaN(than) || (IsHigherBetter ? value > than : value < than));
}
