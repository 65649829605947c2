using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models;

public sealed class TextModelTests : TensorTest
{
    private static readonly TextModelOptions Small = new() { Characters = " abc", Channels = 8, Heads = 2, FeedForward = 12, Length = 6 };

    [Fact]
    public void A_twin_of_one_layer_has_the_parameters_of_the_model_and_one_of_four_has_four_layers_of_them()
    {
        string characters = string.Concat(Enumerable.Range('0', 65).Select(character => (char)character));
        TextModelOptions options = new() { Characters = characters };
        long layer = (7 * 128 * 128) + (3 * 128) + 128 + (2 * 2 * 128) + (2 * 128 * 512) + 512 + 128 + (4 * 128);
        Assert.Equal((65 * 128) + layer + (128 * 65) + 65, Count(options));
        Assert.Equal(264_641, Count(options));
        Assert.Equal(264_641, Count(options with { Explicit = true }));
        Assert.Equal(264_641 + (3 * layer), Count(options with { Explicit = true, ExplicitLayers = 4 }));
        Assert.InRange(Count(options), options.LeastNumbers, options.LeastNumbers * 1.02);

        static long Count(TextModelOptions options)
        {
            using ImplicitNetwork network = options.CreateNetwork();
            return network.parameters().Sum(parameter => parameter.numel());
        }
    }

    [Fact]
    public void All_its_parts_are_trained_whatever_scope_it_was_made_in_and_read_back_as_they_were_saved()
    {
        using TemporaryFolder folder = new();
        ImplicitNetwork network;
        using (NewDisposeScope())
        {
            network = Small.CreateNetwork();
        }

        using ImplicitNetwork owned = network;
        using DisposeScope scope = NewDisposeScope();
        Tensor ids = tensor(new long[,] { { 1, 2, 0, 3, 3, 1 } });
        Tensor logits = network.call(ids);
        Assert.Equal([1, 6, 4], logits.shape);
        logits.square().sum().backward();
        Assert.All(network.named_parameters(), entry => Assert.True(entry.parameter.grad!.abs().sum().ToDouble() > 0, entry.name));
        Assert.Equal(17, network.named_parameters().Count());

        ModelConfig config = new() { Network = Small, Data = "text:abc.txt" };
        ModelFolder.Save(folder.Path, config, network);
        (ImplicitNetwork read, ModelConfig readConfig) = ModelFolder.Load(folder.Path);
        using ImplicitNetwork again = read;
        Assert.Equal(config, readConfig);
        using IDisposable noGraph = no_grad();
        network.Settings = read.Settings;
        Assert.True(network.call(ids).eq(read.call(ids)).all().ToBoolean());
    }

    [Fact]
    public void What_it_says_of_a_place_depends_on_nothing_behind_it()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        foreach (TextModelOptions options in new[]
        {
            Small, Small with { Published = true }, Small with { Explicit = true, ExplicitLayers = 3 }, Small with { Published = true, Explicit = true },
        })
        {
            random.manual_seed(4);
            using ImplicitNetwork network = options.CreateNetwork();
            network.Stopping = new StoppingRule { AbsoluteTolerance = 1e-6, RelativeTolerance = 0, MaxSteps = 500 };
            Tensor first = network.call(tensor(new long[,] { { 1, 2, 0, 3, 3, 1 } })), second = network.call(tensor(new long[,] { { 1, 2, 0, 3, 0, 2 } }));
            Assert.True((first[.., ..4] - second[.., ..4]).abs().max().ToDouble() < 1e-5);
            Assert.True((first[.., 4..] - second[.., 4..]).abs().max().ToDouble() > 1e-3);
        }
    }

    [Fact]
    public void A_twin_is_its_layers_applied_to_the_characters_one_after_the_other()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(6);
        using ImplicitNetwork model = Small.CreateNetwork(), twin = (Small with { Explicit = true }).CreateNetwork();
        Dictionary<string, Tensor> weights = model.state_dict();
        foreach ((string name, Tensor weight) in twin.state_dict())
        {
            weight.copy_(weights[name.Replace("operator.operator.", "operator.", StringComparison.Ordinal)
                .Replace("layer1.", "layer.", StringComparison.Ordinal).Replace("distances1.", "distances.", StringComparison.Ordinal)]);
        }

        Tensor ids = tensor(new long[,] { { 1, 2, 0, 3, 3, 1 } }), q = model.Encoder.call(ids);
        Tensor once = model.Layer.Operator.call(q, q);
        Assert.True((model.Readout.call(once) - twin.call(ids)).abs().max().ToDouble() < 1e-6);
        Assert.IsType<ExplicitOperator>(twin.Layer.Operator);
    }

    [Fact]
    public void What_is_no_model_is_refused_in_one_line()
    {
        Assert.Throws<ArgumentException>("Characters", () => new TextModelOptions { Characters = "ba" });
        Assert.Throws<ArgumentException>("Characters", () => new TextModelOptions { Characters = "aa" });
        Assert.Throws<ArgumentException>("Characters", () => new TextModelOptions { Characters = "a" });
        Assert.Throws<ArgumentOutOfRangeException>("Length", () => Small with { Length = 0 });
        Assert.Contains("must divide", Assert.Throws<ArgumentException>(() => (Small with { Heads = 3 }).CreateNetwork()).Message, StringComparison.Ordinal);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Small.CreateNetwork();
        Assert.Contains("[batch, length] Int64", Assert.Throws<ArgumentException>(() => network.call(zeros(2, 3))).Message, StringComparison.Ordinal);
    }
}
