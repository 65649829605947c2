using ImplicitNet.Files.Safetensors;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.History;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>What is not finite never reaches the optimiser, a checkpoint or the weights that are kept.</summary>
public sealed class FiniteTrainingTests : TensorTest
{
    public static TheoryData<string> Extremes => [.. Cases.Keys];

    private static readonly Dictionary<string, TrainingOptions> Cases = new()
    {
        ["decay 1e300"] = new() { WeightDecay = 1e300 },
        ["decay 1e38"] = new() { WeightDecay = 1e38 },
        ["decay 1e6"] = new() { WeightDecay = 1e6 },
        ["decay of the largest number"] = new() { WeightDecay = double.MaxValue },
        ["rate 1e-300"] = new() { LearningRate = 1e-300 },
        ["rate 10"] = new() { LearningRate = 10 },
        ["rate 1e10"] = new() { LearningRate = 1e10 },
        ["rate 1e30"] = new() { LearningRate = 1e30 },
        ["rate 1e37"] = new() { LearningRate = 1e37 },
        ["rate 1e300"] = new() { LearningRate = 1e300 },
        ["rate of the largest number"] = new() { LearningRate = double.MaxValue },
        ["rate and decay 1e200"] = new() { LearningRate = 1e200, WeightDecay = 1e200 },
        ["rate 1e10, clipped"] = new() { LearningRate = 1e10, ClipNorm = 1 },
        ["clip 1e-300"] = new() { ClipNorm = 1e-300 },
        ["clip 1e300"] = new() { ClipNorm = 1e300 },
        ["average of decay 1 - 1e-16"] = new() { AverageDecay = 0.9999999999999999, LearningRate = 1e30 },
        ["average of decay 1e-300"] = new() { AverageDecay = 1e-300, LearningRate = 1e30 },
        ["penalty 1e300"] = new() { JacobianPenalty = new JacobianPenalty { Weight = 1e300 } },
        ["penalty 1e30"] = new() { JacobianPenalty = new JacobianPenalty { Weight = 1e30 } },
        ["warm start and rate 1e10"] = new() { LearningRate = 1e10, WarmStart = new LatentCacheOptions { Dtype = ScalarType.Float16 } },
    };

    /// <summary>Either it comes to its end with finite weights, or it says in one line at which step and why it does not.</summary>
    [Theory]
    [MemberData(nameof(Extremes))]
    public void Options_at_extremes_end_well_or_in_one_line_and_keep_nothing_that_is_not_finite(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        TrainingOptions options = Cases[name] with { Epochs = 2, CheckpointSteps = 1 };
        using (ImplicitNetwork network = SmallTraining.Network())
        using (Trainer trainer = SmallTraining.Of(network, folder.Path, options))
        {
            try
            {
                TrainingResult result = trainer.Run();
                Assert.True(result.IsComplete);
                Assert.All(result.Epochs, epoch => Assert.True(epoch.TrainLoss is > 0 and < double.PositiveInfinity, $"{epoch.TrainLoss}"));
                Assert.Null(Finiteness.Check(network.state_dict()));
            }
            catch (TrainingDivergedException exception)
            {
                Assert.Matches(@"(at|up to) step \d+", exception.Message);
                Assert.DoesNotContain('\n', exception.Message);
            }
        }

        foreach (string file in (string[])["checkpoint.safetensors", "model.safetensors"])
        {
            if (File.Exists(folder[file]))
            {
                using SafetensorsFile kept = SafetensorsFile.Read(folder[file]);
                kept.EnsureFinite(file);
            }
        }

        using ImplicitNetwork other = SmallTraining.Network(seed: 2);
        using Trainer resumed = SmallTraining.Of(other, folder.Path, options);
        Assert.Equal(File.Exists(folder["checkpoint.safetensors"]), resumed.Resume());
    }

    [Theory]
    [InlineData(1e300, "The weights are not finite: ", "at step 1 (epoch 1")]
    [InlineData(double.MaxValue, "The weights are not finite: ", "at step 1 (epoch 1")]
    public void A_decay_that_overflows_is_told_with_its_step_and_weight(double decay, string what, string when)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = SmallTraining.Network();
        using Trainer trainer = SmallTraining.Of(network, null, SmallTraining.Options with { WeightDecay = decay });
        string message = Assert.Throws<TrainingDivergedException>(() => trainer.Run()).Message;
        Assert.StartsWith(what, message, StringComparison.Ordinal);
        Assert.Contains(when, message, StringComparison.Ordinal);
    }

    /// <summary>sqrt has the value 0 and the slope infinity at 0: the loss is as before.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(1.0)]
    public void A_gradient_that_is_not_finite_is_never_applied(double? clip)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using ImplicitNetwork whole = SmallTraining.Network();
        using ImplicitNetwork network = new(new SteepEncoder(whole.Encoder), whole.Layer.Operator, whole.Readout)
        {
            OnFailure = new MaskFailures(),
            Stopping = whole.Stopping,
        };
        using Trainer trainer = SmallTraining.Of(network, folder.Path, SmallTraining.Options with { ClipNorm = clip });
        float[][] before = Values(network);
        string message = Assert.Throws<TrainingDivergedException>(() => trainer.Run()).Message;
        Assert.StartsWith("The gradient cannot be used: ", message, StringComparison.Ordinal);
        Assert.Contains("at step 1 (epoch 1", message, StringComparison.Ordinal);
        Assert.Equal(before, Values(network));
        Assert.False(File.Exists(folder["checkpoint.safetensors"]));
        Assert.False(File.Exists(folder["model.safetensors"]));
    }

    [Theory]
    [InlineData(1e-30, null, null)]
    [InlineData(1e18, null, null)]
    [InlineData(1e18, 1.0, null)]
    [InlineData(1e15, 1e20, null)]
    [InlineData(1e18, 1e17, null)]
    [InlineData(1e25, 1e15, null)]
    [InlineData(1e25, 1.0, null)]
    [InlineData(1e38, 1e-3, null)]
    [InlineData(1e25, null, "the largest gradient is 1e+25")]
    [InlineData(double.NaN, 1.0, "one of its numbers is NaN")]
    [InlineData(double.PositiveInfinity, 1.0, "one of its numbers is Infinity")]
    [InlineData(double.NegativeInfinity, null, "one of its numbers is Infinity")]
    public void Gradients_are_clipped_whatever_their_size_and_refused_where_they_cannot_be_used(double value, double? clip, string? fault)
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear layer = nn.Linear(2, 3, hasBias: false);
        float[,] gradient = { { 1, 2 }, { (float)value, 3 }, { -1, 0 } };
        layer.weight!.grad = tensor(gradient);
        Assert.StartsWith(fault ?? "", new Finiteness(layer, 8).CheckGradients(clip) ?? "", StringComparison.Ordinal);
        if (fault is null)
        {
            // In float64, where nothing overflows.
            Tensor expected = tensor(gradient).to(ScalarType.Float64);
            double norm = expected.norm().item<double>();
            expected *= clip is { } limit && norm > limit ? limit / norm : 1;
            Tensor actual = layer.weight!.grad!.to(ScalarType.Float64);
            Assert.True((actual - expected).norm().item<double>() <= 1e-5 * expected.norm().item<double>());
        }
    }

    [Fact]
    public void An_epoch_in_which_no_sample_converges_is_an_error_and_leaves_the_weights_as_they_were()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using ImplicitNetwork network = SmallTraining.Network();
        network.Stopping = network.Stopping with { RelativeTolerance = 1e-12, MaxSteps = 1 };
        using Trainer trainer = SmallTraining.Of(network, folder.Path, SmallTraining.Options with { CheckpointSteps = 100, WeightDecay = 0.1 });
        float[][] before = [.. network.parameters().Select(parameter => parameter.data<float>().ToArray())];
        string message = Assert.Throws<TrainingDivergedException>(() => trainer.Run()).Message;
        Assert.StartsWith("No training sample of epoch 1 converged (up to step 3)", message, StringComparison.Ordinal);
        Assert.Equal(before, network.parameters().Select(parameter => parameter.data<float>().ToArray()));
        Assert.False(File.Exists(folder["model.safetensors"]));
        Assert.All(RunHistory.Read(folder["history.jsonl"]), record => Assert.Equal(double.NaN, record.Values["Loss"]));
    }

    [Fact]
    public void Solves_cut_short_train_where_they_are_accepted()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using ImplicitNetwork network = SmallTraining.Network();
        network.Stopping = network.Stopping with { RelativeTolerance = 1e-12, MaxSteps = 2 };
        network.OnFailure = new AcceptMaxSteps();
        using Trainer trainer = SmallTraining.Of(network, folder.Path);
        float[][] before = Values(network);
        trainer.Run();
        Assert.NotEqual(before, Values(network));
        IEnumerable<HistoryRecord> steps = RunHistory.Read(folder["history.jsonl"]).Where(record => record.Kind == "step");
        double[] losses = [.. steps.Select(record => record.Values["Loss"])];
        Assert.Equal(6, losses.Length);
        Assert.All(losses, loss => Assert.True(double.IsFinite(loss)));
    }

    private static float[][] Values(ImplicitNetwork network) => [.. network.parameters().Select(parameter => parameter.data<float>().ToArray())];

    private sealed class SteepEncoder : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _inner;
        private readonly Parameter _offset = new(zeros(1));

        public SteepEncoder(nn.Module<Tensor, Tensor> inner)
            : base(nameof(SteepEncoder))
        {
            _inner = inner;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _inner.call(input) + _offset.sqrt();
    }
}
