using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ImplicitNet.Cli.Images;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Measurements;
using ImplicitNet.Models;
using ImplicitNet.Models.Baselines;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>restore: a photo that is blurred as those that a model was trained on.</summary>
internal sealed class RestoreCommand(Terminal terminal, CancellationToken cancellation)
{
    private const long NoiseSeed = 1;

    // Of a solve, in numbers as wide as a layer inside: the layer, its input and its activation, and what torch copies.
    private const int CopiesOfLayer = 4;

    private readonly Argument<string> _photo = new("photo")
    {
        Description = $"{ImageFormat.Expected} file, of any size, in colour.",
        HelpName = "photo",
    };
    private readonly Option<string> _model = ModelOption.Create();
    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "File for the restored photo, .png.",
        HelpName = "file",
        Required = true,
    };
    private readonly Option<string?> _truth = new("--truth")
    {
        Description = "The photo as it was before: PSNR and SSIM are those against it.",
        HelpName = "file",
    };
    private readonly Option<bool> _degrade = new("--degrade")
    {
        Description = "Blur the photo first, and add noise, as the model's training did; the photo itself is the truth then.",
    };
    private readonly SolveOptions _solve = new(isOfOneKind: true);
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        Command command = new("restore", "Restore a blurred photo by a model that was trained with --task deblurring.")
        {
            _photo, _model, _output, _truth, _degrade,
        };
        _solve.AddTo(command);
        _common.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_truth) is not null && result.GetResult(_degrade) is { Implicit: false })
            {
                result.AddError("--truth does not go with --degrade, whose truth is the photo itself");
            }
        });
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet restore blurred.jpg --model runs/deblurring --output sharp.png",
            "implicitnet restore photo.jpg --model runs/deblurring --output sharp.png --degrade",
            "implicitnet restore blurred.png --model runs/deblurring --output sharp.png --truth photo.png --json");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        string folder = parsed.GetRequiredValue(_model), photo = parsed.GetRequiredValue(_photo), output = parsed.GetRequiredValue(_output);
        if (!output.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            throw new CommandException($"--output {output}: the restored photo is a PNG; name a file that ends in .png.", ExitCodes.Usage);
        }

        OutputFolder.EnsureIsNot(output, photo, "photo");
        if (parsed.GetValue(_truth) is { } read)
        {
            OutputFolder.EnsureIsNot(output, read, "truth");
        }

        OutputFolder.EnsureThereFor(output);
        SavedModel model = SavedModel.In(folder);
        if (model.Config.Options is not RestorationOptions { Measurement: not RestorationOptions.Radon } options)
        {
            throw new CommandException(
                $"{folder}: the model, trained on {model.Config.Data}, restores no photos: name one that was trained with "
                + $"--task {TaskChoice.Deblurring}.");
        }

        ColourImage given = ImageFile.ReadColour(photo);
        ColourImage? truth = parsed.GetValue(_truth) is { } original ? ImageFile.ReadColour(original) : null;
        if (truth is not null && (truth.Height, truth.Width) != (given.Height, given.Width))
        {
            throw new CommandException(
                $"{parsed.GetValue(_truth)} has {truth.Width} x {truth.Height} pixels, and {photo} {given.Width} x {given.Height}: "
                + "they must be the same picture.");
        }

        EnsureFits(photo, given, options);
        Device device = DeviceChoice.Open(parsed.GetValue(_common.Device) ?? DeviceChoice.Processor);
        DeviceChoice.SetThreads(parsed.GetValue(_common.Threads), terminal);
        using ImplicitNetwork network = model.LoadImplicit();
        network.to(device);
        _solve.Apply(parsed, model.FixedPoints, network);

        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor planes = ImageTensor.Of(given);

        // For grey networks each plane is a sample of its own.
        Tensor measurement = planes.unsqueeze(options.Channels == 1 ? 1 : 0);
        if (parsed.GetValue(_degrade))
        {
            truth = given;
            measurement = MeasuredImages.WithNoise(
                options.CreateMeasurement().Apply(measurement), options.Noise, row => new RandomNumbers(NoiseSeed, 0, row));
        }

        long begin = Stopwatch.GetTimestamp();
        using ImplicitResult result = network.Run(measurement.to(device), cancellation: cancellation);
        ColourImage restored = ImageTensor.ToImage(result.Output.reshape(planes.shape));
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        PngFile.Write(output, restored);

        // Where the planes of a photo are samples of their own, the photo is as good as the worst of them.
        SampleReport worst = result.Report.Samples
            .OrderBy(sample => sample.Status == SolveStatus.Converged).ThenByDescending(sample => sample.Residual).First();
        (double Psnr, double Ssim)? before = truth is null ? null : Measured(ImageTensor.ToImage(measurement.reshape(planes.shape)), truth);
        (double Psnr, double Ssim)? after = truth is null ? null : Measured(restored, truth);
        (double Psnr, double Ssim)? filtered = truth is null ? null : Filtered(options.CreateMeasurement(), measurement, truth);
        RestorationResult told = new()
        {
            Model = folder,
            Photo = photo,
            Output = output,
            Height = given.Height,
            Width = given.Width,
            Status = worst.Status.ToString(),
            Steps = result.Report.Samples.Max(sample => sample.Steps),
            Residual = worst.Residual,
            Seconds = seconds,
            Psnr = after?.Psnr,
            Ssim = after?.Ssim,
            PsnrInput = before?.Psnr,
            SsimInput = before?.Ssim,
            PsnrWiener = filtered?.Psnr,
            SsimWiener = filtered?.Ssim,
        };
        Show(told);
        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(told, ResultJson.Default.RestorationResult));
        }

        return ExitCodes.Success;
    }

    private void Show(RestorationResult told)
    {
        ResultScreen.Row(terminal, "restored", told.Output, $"{told.Width} x {told.Height} pixels");
        ResultScreen.Row(
            terminal, "solver", told.Status,
            $"{Display.Counted(told.Steps, "step")}, residual {Display.Residual(told.Residual ?? double.NaN)}, "
                + Display.Seconds(told.Seconds));
        if (told.Psnr is not null)
        {
            ResultScreen.Row(terminal, "before", Text(told.PsnrInput), $"ssim {Display.Number(told.SsimInput ?? double.NaN)}");
            ResultScreen.Row(terminal, "after", Text(told.Psnr), $"ssim {Display.Number(told.Ssim ?? double.NaN)}");
        }

        if (told.PsnrWiener is not null)
        {
            ResultScreen.Row(
                terminal, "Wiener filter", Text(told.PsnrWiener),
                $"ssim {Display.Number(told.SsimWiener ?? double.NaN)}, tuned on this very photo");
        }
    }

    private static string Text(double? decibels) => $"{Display.Number(decibels ?? double.NaN, "0.00")} dB";

    /// <summary>Refuses photos for which there is no memory, before it is asked for.</summary>
    private static void EnsureFits(string photo, ColourImage image, RestorationOptions options)
    {
        long planes = options.Channels == 1 ? 3 : 1;
        int width = Math.Max(3, Math.Max(options.HiddenChannels, options.GuideChannels));
        long bytes = planes * image.Height * image.Width * sizeof(float) * CopiesOfLayer * width;
        long there = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > there)
        {
            throw new CommandException(
                $"{photo}: {image.Width} x {image.Height} pixels take about {Display.Mebibytes(bytes)} to restore, and there are "
                + $"{Display.Mebibytes(there)}. Make it smaller, or cut it into parts.");
        }
    }

    /// <summary>What Wiener's filter comes to at its best, which it does not know without the truth; null of an A without one.</summary>
    private (double Psnr, double Ssim)? Filtered(MeasurementOperator operation, Tensor measurement, ColourImage truth)
    {
        if (!operation.HasProximal)
        {
            return null;
        }

        WienerFilter filter = new(operation);
        Tensor original = ImageTensor.Of(truth);
        double strength = filter.Tune(tried =>
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            return -(Restored(tried).clamp(0, 1) - original).square().mean().ToDouble();
        });
        return Measured(ImageTensor.ToImage(Restored(strength)), truth);

        Tensor Restored(double tried) => filter.Restore(measurement, tried).reshape(original.shape);
    }

    private static (double Psnr, double Ssim) Measured(ColourImage image, ColourImage truth)
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = new(zeros(1, 1), ImageTensor.Of(truth).unsqueeze(0));
        IReadOnlyList<Measurement> measured = new Restoration().Measure(ImageTensor.Of(image).unsqueeze(0), batch);
        return (measured[0].Values.ToDouble(), measured[1].Values.ToDouble());
    }
}
