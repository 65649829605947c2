using ImplicitNet.Cli.Images;
using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What is drawn of a restoration network: some test images, measured, restored and as they were.</summary>
internal static class RestorationPictures
{
    private const string File = "restored.png";
    private const int Shown = 6;

    // Pixels of a side at least, so that small images can be seen.
    private const int LeastSide = 96;

    /// <summary>Draws the first test images into a run's folder, a column each, and for its page.</summary>
    public static RunPictures Draw(nn.Module<Tensor, Tensor> network, MeasuredImages tests, RunFolder folder)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using SolveScope solves = new(own => own with { OnFailure = new MaskFailures() });
        using Batch batch = FinalTest.First(tests, Shown, network);
        Tensor restored = network.call(batch.Inputs);
        bool isImage = batch.Inputs.shape.AsSpan().SequenceEqual(batch.Targets.shape);
        PictureRow[] rows =
        [
            .. isImage ? [Row("measured", batch.Inputs, batch)] : Array.Empty<PictureRow>(),
            Row("restored", restored, batch), Originals(batch),
        ];
        IEnumerable<ReportPicture> pictures =
            from column in Enumerable.Range(0, batch.Count)
            from row in rows
            let said = row.Pictures[column].Caption
            select new ReportPicture(
                row.Pictures[column].Png,
                $"Test image {column}, {row.Name}{(said.Length > 0 ? $", {said}" : "")}.",
                said.Length > 0 ? [row.Name, said] : [row.Name], false);
        Write(folder.At(File), rows);
        return new RunPictures(
            [(File, "picture")],
            [new ReportSection { Heading = "Images", Text = "The first test images, with the PSNR of each.", Pictures = [.. pictures] }]);
    }

    /// <summary>Images, each with its PSNR.</summary>
    public static PictureRow Row(string name, Tensor images, Batch batch)
    {
        double[] decibels = [.. new Restoration().Measure(images, batch)[0].Values.cpu().data<double>()];
        return new PictureRow(
            name, [.. images.unbind(0).Select((image, column) => (Png(image), $"{Display.Number(decibels[column], "0.00")} dB"))]);
    }

    /// <summary>The images as they were.</summary>
    public static PictureRow Originals(Batch batch) => new("original", [.. batch.Targets.unbind(0).Select(image => (Png(image), ""))]);

    /// <summary>Writes rows into one picture.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<PictureRow> rows)
    {
        byte[] content = PictureSheet.ToPng(rows);
        AtomicFile.Write(path, stream => stream.Write(content));
    }

    private static byte[] Png(Tensor image)
    {
        long times = Math.Max(1, (LeastSide + image.shape[2] - 1) / image.shape[2]);
        return PngFile.Encode(ImageTensor.ToImage(image.repeat_interleave(times, 1).repeat_interleave(times, 2)));
    }
}
