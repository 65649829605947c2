using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.Flows;

public sealed class FlowModelFolderTests : TensorTest
{
    private static readonly FlowModelConfig Series = new()
    {
        Data = "tides.csv",
        Network = new SeriesForecasterOptions { Columns = ["high", "low"], Means = [1, 2], Deviations = [3, 4], TimeUnit = 0.5, Zeros = 2, Hidden = 5 },
        RelativeTolerance = 1e-5,
        AbsoluteTolerance = 1e-6,
        MaxSteps = 77,
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
        FlowModelFolder.Save(folder.Path, config, network);
        Assert.True(FlowModelFolder.IsOne(folder.Path));
        (FlowModel loaded, FlowModelConfig read) = FlowModelFolder.Load(folder.Path);
        using FlowModel owned = loaded;
        Assert.Equal(config, read);
        Assert.False(loaded.training);
        Tensor input = which == 2 ? randn(4, 2, 28, 28) : randn(4, 3);
        Assert.True(loaded.call(input.abs()).eq(network.call(input.abs())).all().ToBoolean());
        Assert.Contains(
            $"{ModelFolder.ConfigPath(folder.Path)}: member 'architecture' is none of",
            Assert.Throws<ModelFileException>(() => ModelFolder.LoadConfig(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_network_than_that_of_the_configuration_is_not_saved()
    {
        using TemporaryFolder folder = new();
        using FlowModel network = Points.CreateNetwork();
        FlowModelConfig larger = Points with { Network = (NeuralOdeOptions)Points.Network with { Hidden = 7 } };
        Assert.Contains("its tensors are not those", Assert.Throws<ArgumentException>(() => FlowModelFolder.Save(folder.Path, larger, network)).Message, StringComparison.Ordinal);
        FlowModelConfig other = Points with { Network = (NeuralOdeOptions)Points.Network with { Inputs = 1, Zeros = 3 } };
        Assert.Contains("it cannot answer what the configuration's can", Assert.Throws<ArgumentException>(() => FlowModelFolder.Save(folder.Path, other, network)).Message, StringComparison.Ordinal);
        Assert.False(FlowModelFolder.IsOne(folder.Path));
    }

    [Theory]
    [InlineData("{", "this is no JSON")]
    [InlineData("""{"data": "annuli"}""", "architecture")]
    [InlineData("""{"architecture": "picard", "data": "annuli"}""", "member 'architecture' is none of neural-ode, convolutional-ode, series-forecaster.")]
    [InlineData("""{"architecture": "neural-ode", "data": "annuli", "network": {"hidden": 0}}""", "Hidden must be at least 1 and at most 4096")]
    [InlineData("""{"architecture": "neural-ode", "data": "annuli", "network": {"width": 2}}""", "width")]
    [InlineData("""{"architecture": "neural-ode", "data": "annuli", "maxSteps": 0}""", "At least one step is needed")]
    [InlineData("""{"architecture": "series-forecaster", "data": "x", "network": {"columns": ["a", "b"]}}""", "There are 2 columns, 1 means and 1 deviations")]
    public void A_configuration_that_cannot_be_is_refused_with_its_file(string json, string message)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), json);
        string told = Assert.Throws<ModelFileException>(() => FlowModelFolder.LoadConfig(folder.Path)).Message;
        Assert.StartsWith(ModelFolder.ConfigPath(folder.Path), told, StringComparison.Ordinal);
        Assert.Contains(message, told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_flow_is_none()
    {
        using TemporaryFolder folder = new();
        Assert.False(FlowModelFolder.IsOne(folder.Path));
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), """{"architecture": "digit-classifier"}""");
        Assert.False(FlowModelFolder.IsOne(folder.Path));
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), "[]");
        Assert.False(FlowModelFolder.IsOne(folder.Path));
    }
}
