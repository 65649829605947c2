using System.Runtime.Serialization;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Augmentations;
using ImplicitNet.Training.Optimizers;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Tests.Training;

/// <summary>A run is known by the names of its options, which outlive names in the code.</summary>
public sealed class RunIdentityTests : TensorTest
{
    private static readonly Type[] Kinds =
    [
        typeof(FixedPointSolver), typeof(FixedPointGradient), typeof(LinearSolver), typeof(FailurePolicy), typeof(ResidualNorm),
        typeof(ResidualScale), typeof(Stall), typeof(ReturnedIterate), typeof(StartingPoint), typeof(JacobianProduct), typeof(AndersonVariant), typeof(LearningRateSchedule), typeof(Augmentation),
        typeof(TrainingTask), typeof(TrainingOptimizer), typeof(SolveSchedule),
        typeof(StoppingRule), typeof(TrainingOptions), typeof(BatchOptions), typeof(EscalationPolicy), typeof(LatentCacheOptions), typeof(JacobianPenalty),
    ];

    private static readonly object[] Made =
    [
        new SolverChain { Solvers = [new AndersonSolver(), new BroydenSolver()] }, new BatchOptions { Normalization = PixelNormalization.Mnist },
    ];

    /// <summary>
    /// The names that checkpoints know. A line that changes orphans the runs of users: give what was renamed its old name
    /// (<c>[DataMember(Name = ..)]</c>). A new line is accepted by IMPLICITNET_ACCEPT_API=1, as the public surface is.
    /// </summary>
    [Fact]
    public void The_names_of_options_stay()
    {
        OptionNames names = new();
        foreach (object option in Made.Concat(AllOptions().Select(Default)).OfType<object>().DistinctBy(option => option.GetType()))
        {
            names.Add(option.GetType().Name, option);
        }

        string path = Path.Combine(SharedData.RepositoryRoot, "tests", "ImplicitNet.Tests", "Api", "OptionNames.txt");
        string[] lines = [.. names.Values.Select(pair => $"{pair.Key} = {pair.Value}")];
        if (Environment.GetEnvironmentVariable("IMPLICITNET_ACCEPT_API") == "1")
        {
            File.WriteAllLines(path, lines);
        }

        string[] expected = File.Exists(path) ? File.ReadAllLines(path) : [];
        Assert.True(expected.SequenceEqual(lines), $"Gone: {string.Join("; ", expected.Except(lines))}\nNew: {string.Join("; ", lines.Except(expected))}");
    }

    [Fact]
    public void Every_option_of_a_run_is_in_its_identity()
    {
        using ImplicitNetwork network = SmallTraining.Network();
        OptionNames identity = Identity(network);
        foreach (string name in new[] { "solver", "gradient", "stopping.RelativeTolerance", "training.LearningRate", "batches.Seed", "batches.Normalization.Mean.1", "data images" })
        {
            Assert.Contains(name, identity.Values.Keys);
        }

        Assert.Null(identity.DifferenceFrom(identity.Values));
        network.Solver = new AndersonSolver { Memory = 3 };
        string difference = Identity(network).DifferenceFrom(identity.Values)!;
        Assert.Contains("solver was PicardSolver and is AndersonSolver", difference, StringComparison.Ordinal);
    }

    [Fact]
    public void What_decides_nothing_is_not_in_it()
    {
        using ImplicitNetwork network = SmallTraining.Network();
        OptionNames identity = Identity(network);
        TrainingOptions other = SmallTraining.Options with { CheckpointSteps = 7, LogSteps = 9, CertificateSteps = 3 };
        using Trainer trainer = SmallTraining.Of(network, null, other);
        Assert.Null(Identity(network, other).DifferenceFrom(identity.Values));
    }

    [Fact]
    public void A_run_in_the_order_of_its_samples_is_another_than_one_that_shuffles()
    {
        using ImplicitNetwork network = SmallTraining.Network();
        ImageBatches inOrder = new(SmallTraining.Data.Train, new BatchOptions { Normalization = PixelNormalization.Mnist }) { IsShuffled = false };
        OptionNames identity = RunIdentity.Of(new TrainedModel(network), new Classification(), inOrder, [inOrder], SmallTraining.Options);
        Assert.Equal("batches in order was nothing and is true", identity.DifferenceFrom(Identity(network).Values));
        Assert.Equal("batches in order was true and is nothing", Identity(network).DifferenceFrom(identity.Values));
    }

    [Fact]
    public void A_renamed_option_keeps_its_name_and_a_new_one_is_taken_at_its_default_alone()
    {
        IReadOnlyDictionary<string, string> before = Names(new Before { Width = 3 });
        Assert.Equal(before["option"], Names(new After { Breadth = 3 })["option"]);
        Assert.Equal("3", Names(new After { Breadth = 3 })["option.Width"]);
        using ImplicitNetwork network = SmallTraining.Network();
        OptionNames identity = Identity(network);
        Dictionary<string, string> older = new(identity.Values);
        Assert.True(older.Remove("training.WarmupSteps"));
        Assert.Null(identity.DifferenceFrom(older));
        Assert.Equal(
            "training.WarmupSteps was nothing and is 5",
            Identity(network, SmallTraining.Options with { WarmupSteps = 5 }).DifferenceFrom(older));
        Dictionary<string, string> stranger = new(identity.Values) { ["training.Magic"] = "2" };
        Assert.Equal("training.Magic was 2 and is nothing", identity.DifferenceFrom(stranger));
    }

    /// <summary>That without an identity, and that of accuracies alone, whose epochs had no further scores.</summary>
    [Theory]
    [InlineData("\"Identity\"", "\"Fingerprint\"")]
    [InlineData("\"Version\":2,", "")]
    public void A_checkpoint_of_an_earlier_version_is_refused_in_one_line(string now, string then)
    {
        using TemporaryFolder folder = new();
        SmallTraining.Interrupt(folder.Path, steps: 4);
        string path = folder["checkpoint.safetensors"];
        using (SafetensorsFile file = SafetensorsFile.Read(path))
        {
            Dictionary<string, string> metadata = new(file.Metadata);
            Assert.Contains(now, metadata["position"], StringComparison.Ordinal);
            metadata["position"] = metadata["position"].Replace(now, then, StringComparison.Ordinal).Replace("\"Scores\":{},", "", StringComparison.Ordinal);
            metadata.Remove("sha256");
            SafetensorsFile.Write(path, file.Tensors, metadata);
        }

        using ImplicitNetwork network = SmallTraining.Network();
        using Trainer trainer = SmallTraining.Of(network, folder.Path);
        string message = Assert.Throws<WeightsFileException>(() => { trainer.Resume(); }).Message;
        Assert.Contains("was written by an earlier version", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static IEnumerable<Type> AllOptions() =>
        from assembly in new[] { typeof(FixedPoint).Assembly, typeof(Trainer).Assembly }
        from type in assembly.GetExportedTypes()
        where !type.IsAbstract && Kinds.Any(kind => kind.IsAssignableFrom(type))
        orderby type.Name
        select type;

    private static object? Default(Type type) =>
        Array.Find(Made, made => made.GetType() == type) ?? type.GetConstructor(Type.EmptyTypes)?.Invoke([]);

    private static IReadOnlyDictionary<string, string> Names(object option)
    {
        OptionNames names = new();
        names.Add("option", option);
        return names.Values;
    }

    private static OptionNames Identity(ImplicitNetwork network, TrainingOptions? options = null)
    {
        ImageBatches source = new(SmallTraining.Data.Train, new BatchOptions { Normalization = PixelNormalization.Mnist });
        return RunIdentity.Of(new TrainedModel(network), new Classification(), source, [source], options ?? SmallTraining.Options);
    }

    [DataContract(Name = "Option")]
    private sealed record Before
    {
        public int Width { get; init; }
    }

    [DataContract(Name = "Option")]
    private sealed record After
    {
        [DataMember(Name = "Width")]
        public int Breadth { get; init; }
    }
}
