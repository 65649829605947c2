using System.Text.Json.Nodes;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Kernels;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Checkpoints;

/// <summary>A checkpoint is taken up whole or not at all.</summary>
public sealed class CheckpointDamageTests : TensorTest
{
    private const int BitStep = 997;

    private static readonly TrainingOptions Options = SmallTraining.Options with { AverageDecay = 0.9, WarmStart = new LatentCacheOptions { Dtype = ScalarType.Float16 } };

    /// <summary>Every 997th bit with IMPLICITNET_FLIPS=1; without it, every 50th of those.</summary>
    [Fact]
    public void A_checkpoint_with_any_flipped_bit_is_refused_and_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        SmallTraining.Interrupt(folder.Path, steps: 4, Options);
        byte[] whole = File.ReadAllBytes(folder["checkpoint.safetensors"]);
        using ImplicitNetwork network = SmallTraining.Network(seed: 2);
        using Trainer trainer = SmallTraining.Of(network, folder.Path, Options);
        byte[] before = SmallTraining.Bytes(network);
        using Tensor random = RandomState.Get();
        bool isWhole = Environment.GetEnvironmentVariable("IMPLICITNET_FLIPS") is { Length: > 0 };
        int flips = 0;
        for (long bit = 0; bit < 8L * whole.Length; bit += BitStep * (isWhole ? 1 : 50))
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << (int)(bit % 8));
            File.WriteAllBytes(folder["checkpoint.safetensors"], damaged);
            string message = Assert.Throws<WeightsFileException>(() => { trainer.Resume(); }).Message;
            Assert.DoesNotContain('\n', message);
            flips++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{flips} flipped bits of {8L * whole.Length}, all refused");
        Assert.True(flips >= 10);
        Assert.Equal(before, SmallTraining.Bytes(network));
        using Tensor randomAfter = RandomState.Get();
        Assert.Equal(random.data<byte>().ToArray(), randomAfter.data<byte>().ToArray());

        File.WriteAllBytes(folder["checkpoint.safetensors"], whole);
        Assert.True(trainer.Resume());
    }

    [Fact]
    public void A_checkpoint_without_a_checksum_is_of_an_earlier_version()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        SmallTraining.Interrupt(folder.Path, steps: 1);
        string path = folder["checkpoint.safetensors"];
        string text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(path));
        File.WriteAllBytes(path, System.Text.Encoding.Latin1.GetBytes(text.Replace("\"sha256\"", "\"sha 25\"", StringComparison.Ordinal)));
        Refused(folder.Path, SmallTraining.Options, "written by an earlier version");
    }

    /// <summary>Made by hand, with a sum that is right: what it says is looked at all the same.</summary>
    [Theory]
    [InlineData("Epoch", 99)]
    [InlineData("Epoch", -1)]
    [InlineData("StepInEpoch", 3)]
    [InlineData("StepInEpoch", -5)]
    [InlineData("BestEpoch", 3)]
    [InlineData("BestEpoch", 0)]
    [InlineData("BestAccuracy", 1.5)]
    [InlineData("Seconds", -1)]
    [InlineData("EpochSeconds", -1)]
    [InlineData("Seen", -1)]
    [InlineData("Seen", 1e6)]
    [InlineData("SolverSteps", -1)]
    [InlineData("Evaluations", -1)]
    [InlineData("Products", -1)]
    [InlineData("Cosines", -1)]
    public void A_position_out_of_its_range_is_refused(string member, double value)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        SmallTraining.Interrupt(folder.Path, steps: 4, Options);
        Rewrite(folder["checkpoint.safetensors"], position => position[member] = double.IsInteger(value) ? (long)value : value, static _ => { });
        Refused(folder.Path, Options, member);
    }

    [Theory]
    [InlineData("Escalation", """{"Level":7,"Raises":0,"Lowers":0}""")]
    [InlineData("Statuses", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]")]
    [InlineData("ScoreSums", """{"accuracy":1000000}""")]
    [InlineData("ScoreSums", "null")]
    [InlineData("Statuses", "[-1]")]
    [InlineData("Statuses", "null")]
    [InlineData("Epochs", "[]")]
    [InlineData("Epochs", "null")]
    [InlineData("Epochs", "[null]")]
    [InlineData("Epochs", """[{"Epoch":2,"Step":1}]""")]
    [InlineData("Epochs", """[{"Epoch":-2,"Step":1}]""")]
    public void A_position_of_another_run_is_refused(string member, string json)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        SmallTraining.Interrupt(folder.Path, steps: 4, Options);
        Rewrite(folder["checkpoint.safetensors"], position => position[member] = JsonNode.Parse(json), static _ => { });
        Refused(folder.Path, Options, "position");
    }

    public static TheoryData<string> Damages => [.. TensorDamages.Keys];

    private static readonly Dictionary<string, Func<Tensor, Tensor?>> TensorDamages = new()
    {
        ["network/"] = static _ => null,
        ["optimizer/mean/"] = static value => value.reshape(-1),
        ["optimizer/square/"] = static value => value.to(ScalarType.Float64),
        ["optimizer/steps"] = static value => full_like(value, 1_000_000),
        ["average/"] = static value => full_like(value, double.NaN),
        ["best/"] = static value => value.reshape([1, .. value.shape]),
        ["random/torch"] = static value => zeros_like(value),
        ["latents/samples"] = static value => zeros_like(value),
        ["latents/values"] = static _ => null,
        ["latents/order"] = static value => full_like(value, 9),
        ["latents/shape"] = static value => full_like(value, -1),
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Tensors_that_do_not_fit_are_refused_before_any_is_taken_up(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        SmallTraining.Interrupt(folder.Path, steps: 4, Options);
        Rewrite(folder["checkpoint.safetensors"], static _ => { }, tensors =>
        {
            // The last of a kind, so that those before it would have been taken up by then.
            string last = tensors.Keys.Last(key => key.StartsWith(name, StringComparison.Ordinal));
            tensors[last] = TensorDamages[name](tensors[last])!;
        });
        Refused(folder.Path, Options, name.StartsWith("latents", StringComparison.Ordinal) ? "latents" : name);
    }

    private static void Refused(string folder, TrainingOptions options, string expected)
    {
        using ImplicitNetwork network = SmallTraining.Network(seed: 2);
        using Trainer trainer = SmallTraining.Of(network, folder, options);
        byte[] before = SmallTraining.Bytes(network);
        using Tensor random = RandomState.Get();
        string message = Assert.Throws<WeightsFileException>(() => { trainer.Resume(); }).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Equal(before, SmallTraining.Bytes(network));
        using Tensor after = RandomState.Get();
        Assert.Equal(random.data<byte>().ToArray(), after.data<byte>().ToArray());
        Assert.Equal(0, trainer.WarmStart?.Count ?? 0);
    }

    private static void Rewrite(string path, Action<JsonObject> changePosition, Action<Dictionary<string, Tensor>> changeTensors)
    {
        using SafetensorsFile file = SafetensorsFile.Read(path);
        JsonObject position = JsonNode.Parse(file.Metadata["position"])!.AsObject();
        changePosition(position);
        Dictionary<string, Tensor> tensors = file.Tensors.ToDictionary();
        changeTensors(tensors);
        SafetensorsFile.Write(
            path,
            tensors.Where(entry => entry.Value is not null).ToDictionary(),
            new Dictionary<string, string> { ["position"] = position.ToJsonString() });
    }
}
