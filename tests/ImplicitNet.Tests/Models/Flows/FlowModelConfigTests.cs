using System.Text.Json.Nodes;
using ImplicitNet.Files;
using ImplicitNet.Flows;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.Flows;

public sealed class FlowModelConfigTests : TensorTest
{
    private static readonly FlowModelConfig Series = new()
    {
        Data = "tides.csv",
        Network = new SeriesForecasterOptions { Columns = ["high", "low"], Means = [1, 2], Deviations = [3, 4], TimeUnit = 0.5, Zeros = 2, Hidden = 5 },
        RelativeTolerance = 1e-5,
        AbsoluteTolerance = 1e-6,
        MaxSteps = 77,
        Method = "bosh3",
    };

    private static readonly FlowModelConfig Points = new()
    {
        Data = "annuli",
        Network = new NeuralOdeOptions { Inputs = 3, Zeros = 1, Outputs = 2, Hidden = 6, HiddenLayers = 1, IsTimed = true },
    };

    private static readonly FlowModelConfig Images = new()
    {
        Data = "mnist",
        Network = new ConvolutionalOdeOptions { InputChannels = 2, Channels = 4, Classes = 3, Zeros = 1 },
        PixelMean = [0.1, 0.2],
        PixelDeviation = [0.3, 0.4],
    };

    public static TheoryData<int> All => [0, 1, 2];

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_saved_is_loaded_again(int which)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        FlowModelConfig config = which switch { 0 => Series, 1 => Points, _ => Images };
        using FlowModel network = config.CreateNetwork();
        ModelFolder.Save(folder.Path, config, network);
        (FlowModel loaded, FlowModelConfig read) = ModelFolder.LoadFlow(folder.Path);
        using FlowModel owned = loaded;
        Assert.Equal(config, read);
        Assert.False(loaded.training);
        Tensor input = which == 2 ? randn(4, 2, 28, 28) : randn(4, 3);
        Assert.True(loaded.call(input.abs()).eq(network.call(input.abs())).all().ToBoolean());
        Assert.Contains(
            $"{ModelFolder.ConfigPath(folder.Path)}: it is of a network of another kind, {config.Architecture}: ModelFolder.LoadFlow reads it.",
            Assert.Throws<ModelFileException>(() => { ModelFolder.Load(folder.Path); }).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tsit5", "Tsit5")]
    [InlineData("dopri5", "Dopri5")]
    [InlineData("bosh3", "Bosh3")]
    [InlineData("heun", "Heun")]
    [InlineData("midpoint", "Midpoint")]
    public void The_method_of_the_file_is_that_of_the_network(string name, string method)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        FlowModelConfig config = Points with { Method = name };
        using FlowModel network = config.CreateNetwork();
        ModelFolder.Save(folder.Path, config, network);
        Assert.Contains($"\"method\": \"{name}\"", File.ReadAllText(ModelFolder.ConfigPath(folder.Path)), StringComparison.Ordinal);
        (FlowModel loaded, FlowModelConfig read) = ModelFolder.LoadFlow(folder.Path);
        using FlowModel owned = loaded;
        Assert.Equal((name, method), (read.Method, ((ExplicitRungeKutta)loaded.Flow.Layer.Settings.Solver).Tableau.Name));
        Assert.Equal(method, ((ExplicitRungeKutta)network.Flow.Layer.Settings.Solver).Tableau.Name);
        loaded.call(randn(4, 3)); // tolerances are kept by each of them
    }

    [Fact]
    public void A_file_without_a_method_is_of_tsit5()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), """{"architecture": "neural-ode", "data": "annuli"}""");
        Assert.Equal("tsit5", ((FlowModelConfig)ModelFolder.LoadConfig(folder.Path)).Method);
        Assert.Contains("method must be one of tsit5, dopri5, bosh3, heun, midpoint; given rk4.", Assert.Throws<ArgumentException>(() => Points with { Method = "rk4" }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_network_than_that_of_the_configuration_is_not_saved()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using FlowModel network = Points.CreateNetwork();
        FlowModelConfig larger = Points with { Network = (NeuralOdeOptions)Points.Network with { Hidden = 7 } };
        Assert.Contains("its tensors are not those", Assert.Throws<ArgumentException>(() => ModelFolder.Save(folder.Path, larger, network)).Message, StringComparison.Ordinal);
        FlowModelConfig other = Points with { Network = (NeuralOdeOptions)Points.Network with { Inputs = 1, Zeros = 3 } };
        Assert.Contains("it cannot answer what the configuration's can", Assert.Throws<ArgumentException>(() => ModelFolder.Save(folder.Path, other, network)).Message, StringComparison.Ordinal);
        using FlowModel images = Images.CreateNetwork();
        Assert.Contains("PixelMean is missing", Assert.Throws<ArgumentException>(() => ModelFolder.Save(folder.Path, Images with { PixelMean = null }, images)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("{", "this is no JSON")]
    [InlineData("""{"architecture": "picard", "data": "annuli"}""", "member 'architecture' is none of digit-classifier,")]
    [InlineData("""{"architecture": "neural-ode", "data": "annuli", "network": {"hidden": 0}}""", "Hidden must be at least 1 and at most 4096")]
    [InlineData("""{"architecture": "neural-ode", "data": "annuli", "network": {"width": 2}}""", "width")]
    [InlineData("""{"architecture": "neural-ode", "data": "annuli", "method": "euler"}""", "method must be one of tsit5, dopri5, bosh3, heun, midpoint; given euler.")]
    [InlineData("""{"architecture": "neural-ode", "data": "annuli", "maxSteps": 0}""", "At least one step is needed")]
    [InlineData("""{"architecture": "neural-ode", "data": "annuli", "solver": "picard"}""", "member 'solver' is not known")]
    [InlineData("""{"architecture": "neural-ode", "data": "annuli", "pixelMean": 0.1, "pixelDeviation": 1}""", "a network neural-ode takes no images")]
    [InlineData("""{"architecture": "convolutional-ode", "data": "mnist", "pixelMean": 0.1}""", "member 'pixelDeviation' is missing")]
    [InlineData("""{"architecture": "series-forecaster", "data": "x", "network": {"columns": ["a", "b"]}}""", "There are 2 columns, 1 means and 1 deviations")]
    public void A_configuration_that_cannot_be_is_refused_with_its_file(string json, string message)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), json);
        string told = Assert.Throws<ModelFileException>(() => ModelFolder.LoadConfig(folder.Path)).Message;
        Assert.StartsWith(ModelFolder.ConfigPath(folder.Path), told, StringComparison.Ordinal);
        Assert.Contains(message, told, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_has_its_members_in_their_order_and_a_model_of_fixed_points_is_no_flow()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(
            ["format", "architecture", "network", "data", "relativeTolerance", "absoluteTolerance", "maxSteps", "method"],
            JsonNode.Parse(Points.ToJson())!.AsObject().Select(member => member.Key));
        ModelFolder.SaveConfig(folder.Path, new ModelConfig { Data = "mazes:9", Network = new GridSolverOptions() });
        Assert.Contains(
            "it is of a network of another kind, grid-solver: ModelFolder.Load reads it.",
            Assert.Throws<ModelFileException>(() => { ModelFolder.LoadFlow(folder.Path); }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_far_too_few_for_the_sizes_are_refused_before_a_network_is_built()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using FlowModel network = Points.CreateNetwork();
        ModelFolder.Save(folder.Path, Points, network);
        ModelFolder.SaveConfig(folder.Path, Points with { Network = (NeuralOdeOptions)Points.Network with { Hidden = 4096, HiddenLayers = 16 } });
        Assert.Contains("its sizes need ", Assert.Throws<WeightsFileException>(() => { ModelFolder.LoadFlow(folder.Path); }).Message, StringComparison.Ordinal);
    }
}
