using System.Text.Json.Nodes;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Gradients;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models;

public sealed class ModelFolderTests : TensorTest
{
    private static readonly DigitClassifierOptions Sizes = new() { LatentChannels = 4, Gamma = 0.7, Height = 12, Width = 15 };

    private static readonly ModelConfig Config = new()
    {
        Data = "digits",
        PixelMean = [0.2],
        PixelDeviation = [0.3],
        Network = Sizes,
        RelativeTolerance = 1e-4,
        MaxSteps = 77,
    };

    [Fact]
    public void A_network_is_the_same_after_saving_and_loading()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using ImplicitNetwork network = Config.CreateNetwork();
        ModelFolder.Save(folder.Path, Config, network);
        (ImplicitNetwork loaded, ModelConfig config) = ModelFolder.Load(folder.Path);
        using ImplicitNetwork owned = loaded;
        Assert.Equal(Config, config);
        Assert.Equal(network.Stopping, loaded.Stopping);
        Assert.False(loaded.training);
        network.eval();
        Tensor data = randn(3, 1, 12, 15);
        using IDisposable noGraph = no_grad();
        Assert.True(network.call(data).equal(loaded.call(data)).all().ToBoolean());
    }

    [Fact]
    public void A_model_keeps_its_solver_and_its_gradient_and_without_a_word_they_are_picard_and_jfb()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        ModelConfig told = Config with { AbsoluteTolerance = 0.02, Solver = "broyden", Damping = 0.5, Memory = 7, Gradient = "inverse-reuse:2" };
        using ImplicitNetwork network = told.CreateNetwork();
        ModelFolder.Save(folder.Path, told, network);
        (ImplicitNetwork loaded, ModelConfig config) = ModelFolder.Load(folder.Path);
        using ImplicitNetwork owned = loaded;
        Assert.Equal(told, config);
        Assert.Equal(new BroydenSolver { Damping = 0.5, Memory = 7, KeepInverse = true }, loaded.Settings.Solver);
        Assert.Equal(new InverseReuseGradient { Products = 2 }, loaded.Settings.Gradient);
        Assert.Equal((1e-4, 0.02), (loaded.Stopping.RelativeTolerance, loaded.Stopping.AbsoluteTolerance));

        JsonObject old = JsonNode.Parse(told.ToJson())!.AsObject();
        Assert.All(new[] { "solver", "damping", "memory", "gradient", "absoluteTolerance" }, name => Assert.True(old.Remove(name)));
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), old.ToJsonString());
        SolveSettings before = ((ModelConfig)ModelFolder.LoadConfig(folder.Path)).CreateSettings();
        Assert.Equal((new PicardSolver(), new JacobianFreeGradient()), (before.Solver, before.Gradient));
        Assert.Null(before.Stopping.AbsoluteTolerance);
    }

    public static TheoryData<string> Others => [.. OtherNetworks.Keys];

    private static readonly Dictionary<string, (Func<ImplicitNetwork> Make, string Difference)> OtherNetworks = new()
    {
        ["another gamma"] = (() => Other(sizes => sizes with { Gamma = 0.9 }), "latent operator"),
        ["the explicit twin"] = (() => Other(sizes => sizes with { Explicit = true }), "missing"),
        ["another slope"] = (() => Other(sizes => sizes with { Slope = 0.3 }), "computes something else"),
        ["another size of latent"] = (() => Other(sizes => sizes with { LatentChannels = 8 }), "unlike"),
        ["other images"] = (() => Other(sizes => sizes with { ImageChannels = 3 }), "unlike"),
        ["another architecture"] = (() => ImplicitNet.Models.FixedPointNetworks.MnistFpn.Create(new ImplicitNet.Models.FixedPointNetworks.MnistFpnOptions { LatentLayers = 2 }), "missing"),
        ["a readout of the caller's"] = (OtherReadout, "unknown"),
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void A_network_that_is_not_the_configurations_is_not_saved(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using ImplicitNetwork network = OtherNetworks[name].Make();
        string message = Assert.Throws<ArgumentException>(() => ModelFolder.Save(folder["model"], Config, network)).Message;
        Assert.Contains(OtherNetworks[name].Difference, message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["model"]));
    }

    [Fact]
    public void A_folder_that_another_writes_to_is_left_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using FileStream other = new(folder["run.lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        using ImplicitNetwork network = Config.CreateNetwork();
        Assert.Contains("is in use by", Assert.ThrowsAny<IOException>(() => ModelFolder.Save(folder.Path, Config, network)).Message, StringComparison.Ordinal);
        Assert.Equal(["run.lock"], folder.Names);
    }

    [Fact]
    public void Saving_changes_neither_the_random_state_nor_the_mode()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using ImplicitNetwork network = Config.CreateNetwork();
        network.train();
        Tensor before = get_rng_state();
        ModelFolder.Save(folder.Path, Config, network);
        Assert.True(network.training);
        Assert.Equal(before.data<byte>().ToArray(), get_rng_state().data<byte>().ToArray());
    }

    private static ImplicitNetwork Other(Func<DigitClassifierOptions, DigitClassifierOptions> change) =>
        (Config with { Network = change((DigitClassifierOptions)Config.Network) }).CreateNetwork();

    private static ImplicitNetwork OtherReadout()
    {
        ImplicitNetwork network = Config.CreateNetwork();
        return new ImplicitNetwork(network.Encoder, network.Layer.Operator, nn.Sequential(network.Readout, nn.Linear(10, 10)));
    }

    [Theory]
    [InlineData("", "line 1, byte 1: this is no JSON")]
    [InlineData("null", "it is null; a JSON object was expected")]
    [InlineData("[]", "it is a list; a JSON object was expected")]
    [InlineData("{}", "member 'data' is missing; a text was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 0}""", "PixelDeviation")]
    [InlineData("""{"data": "digits", "pixelMean": [0.1, 0.2], "pixelDeviation": [1, 1]}""", "PixelMean")]
    [InlineData("""{"data": "digits", "pixelMean": [0.1, 0.2, 0.3], "pixelDeviation": [1, 1], "network": {"imageChannels": 3}}""", "2 deviations")]
    [InlineData("""{"data": "digits", "pixelDeviation": 1}""", "member 'pixelMean' is missing; a number or a list of numbers was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1}""", "member 'pixelDeviation' is missing; a number or a list of numbers was expected")]
    [InlineData("""{"data": "digits", "pixelMean": [], "pixelDeviation": 1}""", "member 'pixelMean' is a list; a number or a list of numbers was expected")]
    [InlineData("""{"data": "digits", "pixelMean": [1, "2"], "pixelDeviation": 1}""", "member 'pixelMean' is a list; a number or a list of numbers was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "architecture": "resnet"}""", "member 'architecture' is none of digit-classifier")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "format": 2}""", "member 'format' is 2; 1 was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "gama": 2}""", "member 'gama' is not known; expected are format, architecture")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "network": null}""", "member 'network' is null; a JSON object was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "network": {"gamma": 1.5}}""", "Gamma: The contraction factor must be in (0, 1). It is 1.5.")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "relativeTolerance": -1}""", "tolerance")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "architecture": null}""", "member 'architecture' is null; a text was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "architecture": "mnist-fpn", "network": {"latentChannels": 2}}""", "member 'network.latentChannels' is not known; expected are ")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "network": []}""", "member 'network' is a list; a JSON object was expected")]
    [InlineData("""{"data": "digits", "pixelMean": "a", "pixelDeviation": 1}""", "member 'pixelMean' is the text 'a'; a number or a list of numbers was expected")]
    [InlineData("""{"data": "digits", "pixelMean": null, "pixelDeviation": 1}""", "member 'pixelMean' is null")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "maxSteps": 1.5}""", "member 'maxSteps' is 1.5; a whole number of at most 2147483647 was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "maxSteps": 99999999999}""", "a whole number of at most 2147483647 was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "relativeTolerance": "1e-3"}""", "member 'relativeTolerance' is the text '1e-3'; a finite number was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "network": {"explicit": 0}}""", "member 'network.explicit' is 0; true or false was expected")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "data": "mnist"}""", "data")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1,}""", "this is no JSON")]
    [InlineData("""{"data": "\ud800", "pixelMean": 0.1, "pixelDeviation": 1}""", "data")]
    [InlineData("""{"data": 1""", "this is no JSON")]
    public void A_bad_configuration_is_refused_in_one_line_that_names_the_file(string json, string expected)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), json);
        string message = Assert.Throws<ModelFileException>(() => { ModelFolder.LoadConfig(folder.Path); }).Message;
        Assert.StartsWith(ModelFolder.ConfigPath(folder.Path), message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain(".NET", message, StringComparison.Ordinal);
        Assert.DoesNotContain("ImplicitNet.Models", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_that_is_nested_without_end_is_refused_and_one_with_a_byte_order_mark_is_read()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), "{\"data\": " + new string('[', 100_000));
        Assert.Contains("this is no JSON", Assert.Throws<ModelFileException>(() => { ModelFolder.LoadConfig(folder.Path); }).Message, StringComparison.Ordinal);
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), '\uFEFF' + Config.ToJson());
        Assert.Equal(Config, ModelFolder.LoadConfig(folder.Path));
    }

    [Fact]
    public void A_file_from_before_there_were_colours_and_other_architectures_still_loads()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(
            ModelFolder.ConfigPath(folder.Path),
            """
            {
              "format": 1,
              "architecture": "digit-classifier",
              "network": { "height": 12, "width": 15, "imageChannels": 1, "classes": 10, "latentChannels": 4, "gamma": 0.7, "slope": 0.1, "dropout": 0.2 },
              "data": "digits",
              "pixelMean": 0.2,
              "pixelDeviation": 0.3,
              "relativeTolerance": 0.0001,
              "maxSteps": 77
            }
            """);
        Assert.Equal(Config, ModelFolder.LoadConfig(folder.Path));
        File.WriteAllText(ModelFolder.ConfigPath(folder.Path), """{"data": "digits", "pixelMean": [0.2], "pixelDeviation": 0.3}""");
        ModelConfig least = (ModelConfig)ModelFolder.LoadConfig(folder.Path);
        Assert.Equal(new ModelConfig { Data = "digits", PixelMean = [0.2], PixelDeviation = [0.3] }, least);
        Assert.NotEqual(least with { PixelMean = [0.3] }, least);
    }

    [Fact]
    public void Each_channel_may_have_its_own_mean_and_deviation()
    {
        using TemporaryFolder folder = new();
        ModelConfig colour = Config with { PixelMean = [0.1, 0.2, 0.3], PixelDeviation = [1, 2, 3], Network = Sizes with { ImageChannels = 3 } };
        ModelFolder.SaveConfig(folder.Path, colour);
        Assert.Equal(colour, ModelFolder.LoadConfig(folder.Path));
        ModelFolder.SaveConfig(folder.Path, Config);
        Assert.Contains("\"pixelMean\": 0.2,", File.ReadAllText(ModelFolder.ConfigPath(folder.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_folder_is_refused_by_name() =>
        Assert.Contains("no such file", Assert.Throws<ModelFileException>(() => { ModelFolder.Load("does-not-exist"); }).Message, StringComparison.Ordinal);

    [Fact]
    public void Weights_that_disagree_with_the_configuration_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using ImplicitNetwork network = Config.CreateNetwork();
        ModelFolder.SaveConfig(folder.Path, Config with { Network = new DigitClassifierOptions { LatentChannels = 6, Height = 12, Width = 15 } });
        SafetensorsFile.Write(ModelFolder.WeightsPath(folder.Path), network.state_dict());
        Assert.Contains("config.json asks for", Assert.Throws<WeightsFileException>(() => { ModelFolder.Load(folder.Path); }).Message, StringComparison.Ordinal);

        Dictionary<string, Tensor> weights = network.state_dict();
        weights["extra"] = zeros(1);
        ModelFolder.SaveConfig(folder.Path, Config);
        SafetensorsFile.Write(ModelFolder.WeightsPath(folder.Path), weights);
        Assert.Contains("1 unknown, 'extra'", Assert.Throws<WeightsFileException>(() => { ModelFolder.Load(folder.Path); }).Message, StringComparison.Ordinal);

        weights.Remove("extra");
        weights.Remove("readout.linear.weight");
        SafetensorsFile.Write(ModelFolder.WeightsPath(folder.Path), weights);
        Assert.Contains("missing", Assert.Throws<WeightsFileException>(() => { ModelFolder.Load(folder.Path); }).Message, StringComparison.Ordinal);
    }

    // Each is a small file that would build a network of gigabytes, or of a hundred thousand modules.
    [Theory]
    [InlineData("digit-classifier", "residualBlocks", 32768, "ResidualBlocks must be at least 0 and at most 256")]
    [InlineData("digit-classifier", "residualBlocks", 200, "numbers")]
    [InlineData("digit-classifier", "latentChannels", 100_000, "LatentChannels must be at least 2 and at most 4096")]
    [InlineData("digit-classifier", "latentChannels", 4096, "numbers")]
    [InlineData("digit-classifier", "height", 60_000, "Height must be at least 9 and at most 4096")]
    [InlineData("digit-classifier", "width", 4096, "numbers")]
    [InlineData("digit-classifier", "classes", int.MaxValue, "Classes must be at least 2 and at most 65536")]
    [InlineData("digit-classifier", "classes", 65_536, "numbers")]
    [InlineData("digit-classifier", "imageChannels", 2_000_000, "ImageChannels must be at least 1 and at most 4096")]
    [InlineData("digit-classifier", "imageChannels", 4096, "missing")]
    [InlineData("mnist-fpn", "latentLayers", 30_000, "LatentLayers must be at least 1 and at most 256")]
    [InlineData("mnist-fpn", "latentLayers", 250, "numbers")]
    [InlineData("svhn-fpn", "latentLayers", 250, "numbers")]
    [InlineData("svhn-fpn", "height", 4096, "missing")]
    [InlineData("svhn-contraction", "width", 4096, "missing")]
    [InlineData("cifar10-fpn", "latentLayers", 250, "numbers")]
    [InlineData("cifar10-fpn", "width", 4096, "missing")]
    [InlineData("cifar10-contraction", "height", 4096, "missing")]
    public void Sizes_that_the_weights_cannot_hold_are_refused_before_anything_is_built(string architecture, string member, int size, string expected)
    {
        using TemporaryFolder folder = new();
        using (Tensor few = zeros(1000))
        {
            SafetensorsFile.Write(ModelFolder.WeightsPath(folder.Path), new Dictionary<string, Tensor> { ["few"] = few });
        }

        File.WriteAllText(
            ModelFolder.ConfigPath(folder.Path),
            $$"""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": 1, "architecture": "{{architecture}}", "network": { "{{member}}": {{size}} } }""");
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Exception exception = Assert.ThrowsAny<Exception>(() => { ModelFolder.Load(folder.Path); });
        Assert.True(exception is ModelFileException or WeightsFileException, exception.ToString());
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 8 << 20);
    }

    [Fact]
    public void The_least_numbers_of_every_architecture_are_no_more_than_it_has()
    {
        ClassifierOptions[] all =
        [
            new DigitClassifierOptions { LatentChannels = 5, ResidualBlocks = 2, Height = 11, Width = 17, Classes = 3, ImageChannels = 2 },
            new MnistFpnOptions { LatentLayers = 2, Height = 11 }, new SvhnFpnOptions { LatentLayers = 3, Width = 40 }, new ContractiveSvhnFpnOptions { Classes = 4 },
            new CifarFpnOptions { LatentLayers = 1, Height = 5, Width = 3 }, new ContractiveCifarFpnOptions { ImageChannels = 1 },
        ];
        foreach (ClassifierOptions options in all)
        {
            using ImplicitNetwork network = options.CreateNetwork();
            long numbers = network.state_dict().Values.Sum(tensor => tensor.numel());
            Assert.InRange(options.LeastNumbers, numbers / 40, numbers);
        }
    }

    [Fact]
    public void Sizes_within_their_bounds_that_are_too_much_together_are_refused_before_anything_is_built()
    {
        ClassifierOptions[] all =
        [
            new DigitClassifierOptions { LatentChannels = 4096, ResidualBlocks = 256 },
            new DigitClassifierOptions { Height = 4096, Width = 4096, Classes = 65_536 },
            new MnistFpnOptions { Height = 4096, Width = 4096, Classes = 65_536 },
            new SvhnFpnOptions { Height = 4096, Width = 4096, Classes = 65_536 },
            new ContractiveSvhnFpnOptions { Height = 4096, Width = 4096, Classes = 65_536 },
            new CifarFpnOptions { Height = 4096, Width = 4096, Classes = 65_536 },
            new ContractiveCifarFpnOptions { Height = 4096, Width = 4096, Classes = 65_536 },
        ];
        foreach (ClassifierOptions options in all)
        {
            string message = Assert.Throws<InvalidOperationException>(() => { options.CreateNetwork().Dispose(); }).Message;
            string expected = FormattableString.Invariant($"{options.LeastNumbers:n0} numbers or more; at most 1,073,741,824 are built.");
            Assert.Contains(expected, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Fact]
    public void A_tensor_that_is_asked_for_and_of_a_type_that_is_not_read_is_named_with_its_type()
    {
        using TemporaryFolder folder = new();
        using (ImplicitNetwork network = Config.CreateNetwork())
        {
            ModelFolder.Save(folder.Path, Config, network);
        }

        string header = """{"readout.linear.weight":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]}}""";
        File.WriteAllBytes(ModelFolder.WeightsPath(folder.Path), SafetensorsBytes.Make(header, 3));
        Assert.Contains(
            "of a kind that is not read, 'readout.linear.weight' (F8_E4M3)",
            Assert.Throws<WeightsFileException>(() => { ModelFolder.Load(folder.Path); }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nan_in_the_weights_is_refused_with_its_place()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using ImplicitNetwork network = Config.CreateNetwork();
        using (no_grad())
        {
            network.Readout.parameters().Last()[2, 3] = double.NaN;
        }

        Assert.Contains(
            "'readout.linear.weight' is not finite", Assert.Throws<ArgumentException>(() => ModelFolder.Save(folder.Path, Config, network)).Message, StringComparison.Ordinal);
        Assert.Empty(folder.Names);
        ModelFolder.SaveConfig(folder.Path, Config);
        SafetensorsFile.Write(ModelFolder.WeightsPath(folder.Path), network.state_dict());
        string message = Assert.Throws<WeightsFileException>(() => { ModelFolder.Load(folder.Path); }).Message;
        Assert.Contains("readout.linear.weight", message, StringComparison.Ordinal);
        Assert.Contains("[2, 3]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_sizes_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DigitClassifierOptions { Gamma = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DigitClassifierOptions { Height = 8 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DigitClassifierOptions { Classes = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DigitClassifierOptions { Dropout = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DigitClassifierOptions { Slope = -0.1 });
    }
}
