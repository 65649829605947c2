using System.Globalization;
using ImplicitNet.Certification;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>evaluate --certify: how much of the accuracy no small change of an image takes away.</summary>
internal sealed class CertifyRun(Terminal terminal, CancellationToken cancellation)
{
    /// <summary>The rule of solves whose distance from the fixed points takes little off the margins, for a few steps more.</summary>
    public static StoppingRule Tightened(StoppingRule own) => own.RelativeTolerance is { } relative && relative > RadiiOption.Tolerance
        ? own with { RelativeTolerance = RadiiOption.Tolerance }
        : own;

    /// <summary>The bounds of a network, before anything is evaluated.</summary>
    /// <param name="folder">Of the model, for messages.</param>
    /// <param name="network">In evaluation mode.</param>
    /// <param name="images">What it takes.</param>
    /// <exception cref="CommandException">A part has no bound.</exception>
    public static NetworkBound BoundOf(string folder, ImplicitNetwork network, ImageDataset images)
    {
        NetworkBound bound = NetworkBound.Of(network, [images.Channels, images.Height, images.Width]);
        return bound.Value is not null ? bound : throw new CommandException($"{folder} cannot be certified: {bound.Reason}.");
    }

    /// <summary>Certifies every image.</summary>
    /// <param name="bound">Of the network.</param>
    /// <param name="network">In evaluation mode.</param>
    /// <param name="source">The images, normalised as the network wants them.</param>
    /// <param name="radii">The radii that are asked for.</param>
    public CertifiedImages Execute(
        NetworkBound bound, ImplicitNetwork network, ImageBatches source, IReadOnlyList<GivenRadius> radii)
    {
        // The longest change of an input that a change of pixels of length 1 may make is that of the channel that varies least.
        PixelNormalization normalization = source.Options.Normalization;
        double scale = 1 / normalization.Deviation.Min() * (1 + 1e-15);
        List<SampleRadius> samples = [];
        terminal.WithBar(bar =>
        {
            ShareProgress progress = new(bar, "certifying");
            foreach (Batch batch in source.InOrder())
            {
                using Batch owned = batch;
                cancellation.ThrowIfCancellationRequested();
                batch.Convert(ScalarType.Float32, network.parameters().First().device);
                samples.AddRange(RobustnessCertificate.Of(bound, network, batch.Inputs, scale).Samples);
                progress.Report((double)samples.Count / source.Count);
            }

            return samples.Count;
        });
        return new CertifiedImages(bound, scale, source.Dataset, radii, samples);
    }

    /// <summary>Shows what came of it.</summary>
    /// <param name="certified">What came of it.</param>
    /// <param name="output">The folder where robustness.html is written; null for nowhere.</param>
    /// <param name="model">The model's folder, for the page.</param>
    /// <param name="classes">The names of all classes.</param>
    public void Show(CertifiedImages certified, string? output, string model, IReadOnlyList<string> classes)
    {
        foreach ((GivenRadius radius, int place) in certified.Radii.Select((radius, place) => (radius, place)))
        {
            ResultScreen.Row(
                terminal, $"within {radius.Text}", Display.Percent(certified.Accuracy(radius.Value)),
                place == 0 ? "certified (L2, pixels from 0 to 1)" : "");
        }

        NetworkBound bound = certified.Bound;
        ResultScreen.Row(
            terminal, "bound", WrittenNumber.Of(bound.Value!.Value * certified.InputScale),
            $"of logits for each unit of pixels{(bound.IsStated ? ", stated in part" : "")}");
        foreach ((string name, double factor) in (ReadOnlySpan<(string, double)>)
        [
            ("normalisation", certified.InputScale), ("encoder", bound.Parts[0].Value!.Value),
            ("fixed point", bound.Parts[1].Value!.Value), ("readout", bound.Parts[2].Value!.Value),
        ])
        {
            ResultScreen.Row(terminal, $"  {name}", string.Create(CultureInfo.InvariantCulture, $"x {WrittenNumber.Of(factor)}"));
        }

        if (certified.Largest is { } largest)
        {
            ResultScreen.Row(terminal, "largest factor", WrittenNumber.Of(largest.Value!.Value), largest.Name);
        }

        if (output is not null)
        {
            string page = new RunFolder(output).At("robustness.html");
            HtmlReport.Write(page, CertificatePage.Of(certified, model, classes));
            ResultScreen.Row(terminal, "page", page);
        }
    }
}
