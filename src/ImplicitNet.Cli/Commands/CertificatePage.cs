using ImplicitNet.Operators;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Cli.Commands;

/// <summary>What the page of evaluate --certify says.</summary>
internal static class CertificatePage
{
    private const int MostImages = 10;

    public static ReportContent Of(CertifiedImages certified, string model, IReadOnlyList<string> classes) => new()
    {
        Title = $"Certified accuracy of {model}",
        Summary = $"{certified.Images.Name}, {Display.Counted(certified.Samples.Count, "image")}. An image is certified at a radius "
            + "where no change of its pixels that is shorter, as a vector of numbers from 0 to 1 (L2), changes the class of the network, "
            + "whatever the change is. What solves and rounding may have moved is taken off. The certificate speaks of the network at its "
            + "fixed points: what is computed elsewhere may differ within the tolerance of the solve there.",
        Figures =
        [
            new("Accuracy", Display.Percent(certified.Accuracy(0)), "without a change"),
            .. certified.Radii.Select(radius =>
                new KeyFigure($"Certified within {radius.Text}", Display.Percent(certified.Accuracy(radius.Value)), "right, and stays so")),
        ],
        Sections =
        [
            new()
            {
                Heading = "Bounds",
                Text = "The difference of two logits moves by at most the product of these, and the root of 2, for each unit of pixels; "
                    + "where the last layer is linear, radii use the difference of its rows, which is less."
                    + (certified.Largest is { } largest ? $" The largest factor is {largest.Name}." : ""),
                Table = Bounds(certified),
            },
            new()
            {
                Heading = "Images",
                Text = "The first right one of each class, the largest radius first.",
                Pictures = [.. Pictures(certified, classes)],
            },
            PageEnvironment.Section(),
        ],
    };

    private static ReportTable Bounds(CertifiedImages certified) => new(
        ["Factor", "At most", "Remark"],
        [
            ["normalisation of pixels", WrittenNumber.Of(certified.InputScale), "the channel that varies least"],
            .. certified.Factors.Select(factor =>
                (IReadOnlyList<string>)[factor.Name, WrittenNumber.Of(factor.Value!.Value), Remark(certified, factor)]),
            ["all", WrittenNumber.Of(certified.Bound.Value!.Value * certified.InputScale), "from pixels to logits"],
        ]);

    private static string Remark(CertifiedImages certified, LipschitzBound factor) =>
        factor.IsStated ? "stated by the module, not checked" : factor == certified.Largest ? "the largest factor" : "";

    private static IEnumerable<ReportPicture> Pictures(CertifiedImages certified, IReadOnlyList<string> classes) => Enumerable
        .Range(0, certified.Samples.Count)
        .Where(certified.IsRight)
        .DistinctBy(certified.Images.Label)
        .Take(MostImages)
        .OrderByDescending(index => certified.Samples[index].Radius)
        .Select(index => Picture(certified, index, classes));

    private static ReportPicture Picture(CertifiedImages certified, int index, IReadOnlyList<string> classes)
    {
        (int answer, _, double radius) = certified.Samples[index];
        AnsweredImage image = new() { Images = certified.Images, Index = index, Answer = answer, Probability = double.NaN };
        ReportPicture picture = ReportPicture.Of(image, classes);
        return picture with { Lines = [picture.Lines[0], $"radius {WrittenNumber.Of(radius)}"] };
    }
}
