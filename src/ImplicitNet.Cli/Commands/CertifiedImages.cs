using ImplicitNet.Certification;
using ImplicitNet.Cli.Options;
using ImplicitNet.Operators;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Commands;

/// <summary>Images of a data set, each with what is certified of it.</summary>
/// <param name="Bound">How far outputs move at most.</param>
/// <param name="InputScale">How far inputs of the network move for a change of pixels of length 1, at most.</param>
/// <param name="Images">The images.</param>
/// <param name="Radii">The radii that are asked for.</param>
/// <param name="Samples">One an image, in their order; radii in L2, in pixels of [0, 1].</param>
internal sealed record CertifiedImages(
    NetworkBound Bound, double InputScale, ImageDataset Images, IReadOnlyList<GivenRadius> Radii, IReadOnlyList<SampleRadius> Samples)
{
    // Layers of norm 1 are so to rounding.
    private const double LeastLonger = 1.001;

    /// <summary>Every factor of the bound, in the order in which they are applied.</summary>
    public IReadOnlyList<LipschitzBound> Factors => [.. Bound.Parts.SelectMany(part => part.Leaves)];

    /// <summary>The share of images that are right; beyond 0, that also have a radius above this one.</summary>
    public double Accuracy(double radius) =>
        Samples.Where((sample, index) => IsRight(index) && (radius == 0 || sample.Radius > radius)).Count() / (double)Samples.Count;

    /// <summary>The largest factor, where a smaller one would gain most; null where none lengthens anything.</summary>
    public LipschitzBound? Largest => Bound.Loosest is { Value: > LeastLonger } factor ? factor : null;

    /// <summary>By each radius as it was given.</summary>
    public Dictionary<string, double> Shares => Radii.ToDictionary(radius => radius.Text, radius => Accuracy(radius.Value));

    public bool IsRight(int index) => Samples[index].Class == Images.Label(index);
}
