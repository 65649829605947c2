using System.Text.Json.Serialization;
using ImplicitNet.Files;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>Sizes of a <see cref="SeriesForecaster"/>, and the units that it sees time series in.</summary>
public sealed record SeriesForecasterOptions : PerceptronFlowOptions
{
    internal const string Name = "series-forecaster";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <summary>Names of what is observed, at least one, in the order of the state.</summary>
    public IReadOnlyList<string> Columns
    {
        get;
        init => field = value is { Count: >= 1 and <= MostWidth } && value.All(name => !string.IsNullOrEmpty(name))
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Columns), $"Columns must be 1 to {MostWidth} names.");
    } = ["value"];

    /// <summary>The mean of each column, in its own unit; finite, as many as there are columns. Default 0.</summary>
    public ChannelValues Means
    {
        get;
        init => field = value?.All(double.IsFinite) == true
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Means), $"Means must be finite; they are {value}.");
    } = 0;

    /// <summary>The standard deviation of each column, in its own unit; above 0 and finite, one for each column. Default 1.</summary>
    public ChannelValues Deviations
    {
        get;
        init => field = value?.All(number => number is > 0 and < double.PositiveInfinity) == true
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Deviations), $"Deviations must be finite and above 0; they are {value}.");
    } = 1;

    /// <summary>The gap between two times that counts as 1; above 0 and finite; default 1.</summary>
    public double TimeUnit
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TimeUnit), value, "TimeUnit must be above 0 and finite.");
    } = 1;

    /// <summary>Two with the same numbers and names are equal.</summary>
    public bool Equals(SeriesForecasterOptions? other) =>
        base.Equals(other) && Columns.SequenceEqual(other.Columns) && Means.Equals(other.Means)
        && Deviations.Equals(other.Deviations) && TimeUnit == other.TimeUnit;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Columns.Count, Means, Deviations, TimeUnit);

    /// <inheritdoc/>
    public override FlowModel CreateNetwork(FlowSettings settings) => new SeriesForecaster(this, settings);

    internal override void EnsureFits()
    {
        if (Means.Count != Columns.Count || Deviations.Count != Columns.Count)
        {
            throw new ArgumentException(
                $"There are {Columns.Count} columns, {Means.Count} means and {Deviations.Count} deviations: one of each is needed.");
        }
    }

    internal override Tensor TrialInput(Tensor like) => Wave(like, 1, Columns.Count + 1).abs();
}
