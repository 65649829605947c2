using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Reproduction;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;

namespace ImplicitNet.Cli.Settings;

/// <summary>What is run to see the paper's figures again for one data set.</summary>
internal static class ReproductionSettings
{
    /// <summary>The data sets of the paper.</summary>
    public static IReadOnlyList<string> Names { get; } = [DataChoice.Mnist, DataChoice.Cifar10, DataChoice.Svhn];

    /// <summary>The paper's figures for a data set.</summary>
    public static PaperFigures Paper(string data) => data switch
    {
        DataChoice.Mnist => PaperFigures.Mnist,
        DataChoice.Cifar10 => PaperFigures.Cifar10,
        _ => PaperFigures.Svhn,
    };

    /// <summary>
    /// What is trained on a data set. Networks of our own are on MNIST alone, for which they were made; an epoch of neural ODEs takes many
    /// times as long as one of JFB.
    /// </summary>
    public static IReadOnlyList<ReproducedTraining> Trainings(string data) =>
        [.. ReproducedTraining.All.Where(training => training.OtherMethod is null || data == DataChoice.Mnist)];

    /// <summary>The clean form, as large as the network of the paper's table, with the training that serves it best.</summary>
    public static RunSettings Clean(string data)
    {
        RunSettings settings = RunKinds.DefaultsFor(data);
        return data == DataChoice.Mnist ? settings with { LatentLayers = 2, Batch = 50, Average = 0.999, WeightDecay = 0.05 } : settings;
    }

    /// <summary>One training: the clean settings themselves, or changed to what it is.</summary>
    /// <param name="clean">The clean form by JFB.</param>
    /// <param name="training">The training's name.</param>
    public static RunSettings Of(RunSettings clean, string training) => training switch
    {
        ReproducedTraining.Published => Published(clean),
        ReproducedTraining.Explicit => Twin.Of(clean, GradientChoice.Explicit),
        ReproducedTraining.Monotone or ReproducedTraining.NeuralOde or ReproducedTraining.AugmentedNeuralOde => Own(clean, training),
        _ => Twin.Of(clean, training),
    };

    /// <summary>A network of our own as train has it, on the images of the clean form, for as many epochs.</summary>
    private static RunSettings Own(RunSettings clean, string network) => RunKinds.DefaultsFor(clean.Data, network: network) with
    {
        Network = network,
        DataDir = clean.DataDir,
        Images = clean.Images,
        Validation = clean.Validation,
        TestImages = clean.TestImages,
        Epochs = clean.Epochs,
        Seed = clean.Seed,
        Threads = clean.Threads,
        Device = clean.Device,
    };

    /// <summary>
    /// The network of the weight files whose histories are the original's early marks: one latent layer, their gamma, no shifts.
    /// </summary>
    private static RunSettings Published(RunSettings clean)
    {
        RunSettings published = RunKinds.DefaultsFor(clean.Data, isPublished: true);
        return clean with
        {
            Published = true,
            LatentLayers = 1,
            Gamma = clean.Data == DataChoice.Mnist ? new MnistFpnOptions().Gamma : new SvhnFpnOptions().Gamma,
            Tolerance = published.Tolerance,
            Shift = 0,
        };
    }

    /// <summary>What differs from the paper's protocol: the matter, there, and here.</summary>
    /// <param name="clean">The clean form by JFB.</param>
    /// <param name="data">Its images.</param>
    /// <param name="trainings">The names of what is trained.</param>
    public static IReadOnlyList<(string Matter, string There, string Here)> Differences(
        RunSettings clean, LoadedData data, IReadOnlyList<string> trainings)
    {
        RunSettings published = Published(clean);
        List<(string, string, string)> differences =
        [
            ("Batch norm in R", "by JFB yes, which couples the samples and bounds nothing; CG-based none", $"clean form: none, "
                + $"R is a certified contraction, gamma {Display.Number(clean.Gamma, "0.###")}; published form: yes, "
                + $"gamma {Display.Number(published.Gamma, "0.###")}"),
            ("Network of JFB and of the CG-based gradient", "two", "one, with the same weights at the start and the same order of images"),
            ("Explicit twin", "R applied once, batch norm in it", "R(0, q) = act(q) in the clean form: "
                + "the convolution of R is there and is not used"),
            ("Choice of the epoch", "on the test images", $"on {Display.Count(data.Splits.Validation.Count)} images held out of "
                + $"training; test read once"),
            ("Training images", "all", Display.Count(data.Splits.Train.Count)),
            ("Test images", "all", Display.Count(data.Splits.Test.Count)),
            ("Mode at test", "training mode", "evaluation mode"),
            ("Epochs", "more than 20", $"{clean.Epochs}"),
            ("Optimiser", "its own", $"Adam, {Display.Number(clean.LearningRate, "0.######")}, "
                + $"{clean.Schedule} schedule over the epochs, batches of {clean.Batch}"),
            ("Stopping rule", "absolute 0.1 in the norm over channels at every "
                + "pixel", $"relative, sample by sample {Display.Number(clean.Tolerance, "0.######")}; "
                + $"published form {Display.Number(published.Tolerance, "0.######")} for the whole batch"),
            ("Machine", "one TITAN X", $"{clean.Device}, {Display.Counted(clean.Threads, "thread")}"),
        ];
        differences.Add(clean.Data == DataChoice.Cifar10
            ? ("Augmentation", "Table 1 and 2: yes, with 843,430 parameters; weight files: none, 163,744", "none")
            : ("Augmentation", "none", clean.Shift > 0 ? $"clean form: shifts by up to {Display.Counted(clean.Shift, "pixel")}; "
                + $"published form: none" : "none"));
        differences.AddRange(
            from training in Trainings(clean.Data)
            where training.OtherMethod is not null && trainings.Contains(training.Name)
            let own = Own(clean, training.Name)
            select (training.OtherMethod, "another network, other settings", $"our own: the convolutional network of `train --data "
                + $"{own.Data} --network {own.Network}`, its settings there: Adam, {Display.Number(own.LearningRate, "0.######")}, "
                + $"batches of {own.Batch}, shifts by up to {Display.Counted(own.Shift, "pixel")}, "
                + $"tolerance {own.ToleranceWords}; "
                + (RunKinds.Of(own).IsOfFlows ? "exact gradient of the steps taken" : $"{own.Solver}, by JFB")));
        return differences;
    }
}
