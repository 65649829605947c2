using System.Text;
using ImplicitNet.Files.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

public sealed class BadModelTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    public static TheoryData<byte[], string> BadWeights => new()
    {
        { [], "0 bytes" },
        { [255, 255, 255, 255, 255, 255, 255, 127, 123, 125], "2 bytes follow" },
        { SafetensorsBytes.Make("[]", 0), "the header must begin" },
        { SafetensorsBytes.Make("{}", 0), "missing, 'encoder." },
        { SafetensorsBytes.Make("""{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3), "overlaps" },
        { SafetensorsBytes.Make("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7), "the file has 7" },
        { SafetensorsBytes.Make("""{"x":{"dtype":"F32","shape":[2305843009213693951],"data_offsets":[0,9223372036854775804]}}""", 3), "9223372036854775804 bytes" },
    };

    [Theory]
    [MemberData(nameof(BadWeights))]
    public void Damaged_weights_are_refused(byte[] weights, string expected)
    {
        using TemporaryFolder folder = new();
        model.CopyTo(folder);
        folder.Write("model.safetensors", weights);
        CliRun.Of("evaluate", "--model", folder.Path).Failed(1, folder["model.safetensors"], expected);
        CliRun.Of("info", "--model", folder.Path).Failed(1, folder["model.safetensors"], expected);
        Assert.Equal(["config.json", "model.safetensors"], folder.Names);
    }

    [Fact]
    public void Weights_that_are_not_finite_are_refused()
    {
        using TemporaryFolder folder = new();
        model.CopyTo(folder);
        using (DisposeScope scope = NewDisposeScope())
        using (SafetensorsFile file = SafetensorsFile.Read(folder["model.safetensors"]))
        {
            Tensor weight = file.Tensors["readout.linear.weight"];
            weight[0, 5] = tensor(float.NaN);
            SafetensorsFile.Write(folder["model.safetensors"], file.Tensors);
        }

        CliRun.Of("evaluate", "--model", folder.Path).Failed(1, "readout.linear.weight", "[0, 5]", "not finite");
    }

    [Fact]
    public void Weights_of_another_network_are_refused()
    {
        using TemporaryFolder folder = new();
        model.CopyTo(folder);
        string config = File.ReadAllText(folder["config.json"]);
        File.WriteAllText(folder["config.json"], config.Replace("\"latentChannels\": 32", "\"latentChannels\": 16", StringComparison.Ordinal));
        CliRun.Of("evaluate", "--model", folder.Path).Failed(1, "model.safetensors", "config.json asks for");
    }

    [Theory]
    [InlineData("{", "config.json")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1, "pixelDeviation": -1}""", "PixelDeviation")]
    [InlineData("""{"data": "digits", "pixelMean": 0.1}""", "pixelDeviation")]
    public void A_damaged_configuration_is_refused(string config, string expected)
    {
        using TemporaryFolder folder = new();
        model.CopyTo(folder);
        folder.Write("config.json", Encoding.UTF8.GetBytes(config));
        CliRun.Of("predict", "--model", folder.Path, "x.png").Failed(1, folder["config.json"], expected);
    }

    [Fact]
    public void A_model_of_data_that_is_not_known_must_be_told_what_to_read()
    {
        using TemporaryFolder folder = new();
        model.CopyTo(folder);
        string config = File.ReadAllText(folder["config.json"]);
        File.WriteAllText(folder["config.json"], config.Replace("\"digits\"", "\"my own\"", StringComparison.Ordinal));
        CliRun.Of("evaluate", "--model", folder.Path).Failed(1, "my own", "--data");
    }

    [Fact]
    public void A_missing_model_is_named()
    {
        using TemporaryFolder folder = new();
        foreach (string command in (string[])["evaluate", "info"])
        {
            CliRun.Of(command, "--model", folder["none"]).Failed(1, Path.Combine(folder["none"], "config.json"));
        }

        model.CopyTo(folder);
        File.Delete(folder["model.safetensors"]);
        CliRun.Of("evaluate", "--model", folder.Path).Failed(1, folder["model.safetensors"]);
    }
}
