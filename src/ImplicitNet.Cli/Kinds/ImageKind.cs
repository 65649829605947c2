using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Reports;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Images in classes; leaves say by which networks.</summary>
internal abstract class ImageKind : RunKind
{
    /// <summary>Its name.</summary>
    public const string Images = "images";

    public override string Name => Images;

    public override TrainingTask Task(RunSettings settings) => new Classification();

    public override bool Has(string data) => DataChoice.Images.Contains(data);

    public override string Samples(string data) => Images;

    public override RunSubject Load(RunSettings settings, Terminal terminal, CancellationToken cancellation) =>
        new Subject(this, settings, Normalized(RunData.Load(settings, terminal, cancellation)));

    public override IndexedBatches Source(
        SavedModel model, RunSettings settings, string split, int? count, int? batchSize, Device device, Terminal terminal,
        CancellationToken cancellation)
    {
        ImageDataset images = ModelImages.Load(model.Folder, model.Config, settings, split, terminal, cancellation);
        images = images.Slice(0, Math.Min(count ?? images.Count, images.Count));
        return new ImageBatches(images, new BatchOptions
        {
            Normalization = model.Config.Normalization,
            BatchSize = batchSize ?? images.Count,
            Device = device,
        });
    }

    public override int BatchOf(string data) => 250;

    /// <summary>What the network is and how it is solved, of the sizes of some data, and how pixels become its input.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    protected abstract NetworkConfig Sized(RunSettings settings, DataSplits splits);

    /// <summary>How pixels become the input, of what is usual for the data.</summary>
    protected virtual PixelNormalization Normalization(PixelNormalization usual) => usual;

    /// <summary>How batches are cut and training images changed.</summary>
    public static BatchOptions Batches(RunSettings settings, LoadedData data, Device device) => new()
    {
        Normalization = data.Normalization,
        BatchSize = settings.Batch,
        Seed = settings.Seed,
        MaximumShift = settings.Shift,
        Augmentations = settings.Augment ? AugmentationChoice.For(settings.Data) : [],
        Device = device,
    };

    /// <summary>What a run does with some data, whatever its network.</summary>
    protected static RunSettings Usual(string data) => data switch
    {
        DataChoice.Digits => new RunSettings { Data = data, Epochs = 5, Validation = 2_000 },
        DataChoice.Mnist => new RunSettings { Data = data, Epochs = 10, Validation = 10_000, Shift = 2 },
        DataChoice.Cifar10 or DataChoice.Svhn =>
            new RunSettings { Data = data, Epochs = 10, Validation = 5_000, Batch = 50, LearningRate = 2e-3, Average = 0.99 },
        _ => new RunSettings { Data = data, Epochs = 10, Validation = 10_000 },
    };

    private LoadedData Normalized(LoadedData data) => data with { Normalization = Normalization(data.Normalization) };

    private sealed class Subject(ImageKind kind, RunSettings settings, LoadedData data) : RunSubject
    {
        private DataSplits Splits => data.Splits;

        public override NetworkConfig Config { get; } = kind.Sized(settings, data.Splits) with
        {
            PixelMean = data.Normalization.Mean,
            PixelDeviation = data.Normalization.Deviation,
        };

        public override string Amounts => $"{Display.Count(Splits.Train.Count)} training, "
            + $"{Display.Count(Splits.Validation.Count)} validation and {Display.Count(Splits.Test.Count)} test images";

        public override RunSources Sources(Device device)
        {
            BatchOptions options = Batches(settings, data, device);
            return new RunSources(new ImageBatches(Splits.Train, options), new ImageBatches(Splits.Validation, options), []);
        }

        /// <summary>
        /// Samples that do not converge are left out of the loss. Those of a coupled batch fail all together, as most do before the
        /// weights have settled: left out, they would train nothing. The batch goes on with its best iterate, and the epoch counts it.
        /// </summary>
        public override FailurePolicy PolicyFor(nn.Module<Tensor, Tensor> network) =>
            network is ImplicitNetwork { Layer.Operator: CoupledModuleOperator }
                ? new WarnOnFailure { Warn = static _ => { } }
                : new MaskFailures();

        public override FinalTest Test(
            nn.Module<Tensor, Tensor> network, Device device, IProgress<double> progress, CancellationToken cancellation)
        {
            ImageBatches source = new(Splits.Test, Batches(settings, data, device));
            Confusion confusion = new(Splits.Test.ClassCount);
            ShownImages shown = new(Splits.Test);
            Action<Tensor, Batch> each = confusion.Add;
            FinalTest test = FinalTest.Run(
                network, kind.Task(settings), source, settings.Tolerance, each + shown.Add, progress, cancellation);
            return test with
            {
                Confusion = confusion,
                Shown = shown.Solved(network, source, settings.Tolerance, cancellation),
            };
        }

        public override IReadOnlyList<string> Remarks(TrainingResult training, FinalTest test) => TrainingRemarks.Of(
            settings, kind.DefaultsFor(settings.Data, settings.Published).LearningRate, training, test.Evaluation.Accuracy,
            Splits.Test.Labels, Splits.Test.ClassCount);

        public override RunReport Complete(RunReport report, FinalTest test) => report with
        {
            Confusion = (test.Confusion!, ClassNames.Of(settings.Data, Splits.Test.ClassCount)),
            Images = test.Shown,
        };

        public override RunPictures Draw(nn.Module<Tensor, Tensor> network, RunFolder folder, CancellationToken cancellation) =>
            RunPictures.None;
    }
}
