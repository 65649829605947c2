using ImplicitNet.Cli.Images;
using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
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
    private const int Gap = 2;

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
        (string Name, Tensor Images)[] rows =
        [
            .. isImage ? [("measured", batch.Inputs)] : Array.Empty<(string, Tensor)>(),
            ("restored", restored), ("original", batch.Targets),
        ];
        Restoration task = new();
        double[][] decibels = [.. rows.Select(row => task.Measure(row.Images, batch)[0].Values.cpu().data<double>().ToArray())];
        List<ReportPicture> pictures = [];
        for (int column = 0; column < batch.Count; column++)
        {
            for (int row = 0; row < rows.Length; row++)
            {
                string said = rows[row].Name == "original" ? "" : $"{Display.Number(decibels[row][column], "0.00")} dB";
                pictures.Add(new ReportPicture(
                    PngFile.Encode(ImageTensor.ToImage(Enlarged(rows[row].Images[column]))),
                    $"Test image {column}, {rows[row].Name}{(said.Length > 0 ? $", {said}" : "")}.",
                    said.Length > 0 ? [rows[row].Name, said] : [rows[row].Name], false));
            }
        }

        AtomicFile.Write(folder.At(File), stream => stream.Write(PngFile.Encode(ImageTensor.ToImage(Sheet(rows)))));
        return new RunPictures(
            [(File, "picture")],
            [new ReportSection { Heading = "Images", Text = "The first test images, with the PSNR of each.", Pictures = pictures }]);
    }

    private static Tensor Sheet((string Name, Tensor Images)[] rows)
    {
        Tensor Framed(Tensor image) => nn.functional.pad(Enlarged(image), [Gap, Gap, Gap, Gap], value: 1);
        return cat([.. rows.Select(row => cat([.. row.Images.unbind(0).Select(Framed)], 2))], 1);
    }

    private static Tensor Enlarged(Tensor image)
    {
        long times = Math.Max(1, (LeastSide + image.shape[2] - 1) / image.shape[2]);
        return image.repeat_interleave(times, 1).repeat_interleave(times, 2);
    }
}
