using System.Text.Json;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files.PyTorch;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

/// <summary>import and export, and what evaluate does with their models.</summary>
public sealed class ImportCommandTests : TensorTest
{
    /// <summary>What export writes of a clean model has no way back, and both say so.</summary>
    [Fact]
    public void The_clean_form_is_no_published_form_and_export_and_import_say_so()
    {
        using TemporaryFolder folder = new();
        ModelConfig config = new() { Data = "svhn", PixelMean = [0, 0, 0], PixelDeviation = [1, 1, 1], Network = new ContractiveSvhnFpnOptions() };
        using (ImplicitNetwork network = config.CreateNetwork())
        {
            ModelFolder.Save(folder["model"], config, network);
        }

        CliRun run = CliRun.Of("export", "--model", folder["model"], "--pytorch", folder["w.pth"]).Succeeded();
        Assert.Contains("svhn-fpn, clean form", run.Output, StringComparison.Ordinal);
        Assert.Contains("import reads the published form only", run.Output, StringComparison.Ordinal);
        CliRun.Of("import", folder["w.pth"], "--network", "svhn-fpn", "--gamma", "0.5", "--output", folder["again"])
            .Failed(1, "weights of the clean form", "published form", "--model");
    }

    [Fact]
    public void What_is_imported_is_evaluated_and_exported_again()
    {
        using TemporaryFolder folder = new();
        WriteMnist(folder["w.pth"]);
        CliRun run = CliRun.Of("import", folder["w.pth"], "--network", "mnist-fpn", "--gamma", "0.1", "--output", folder["model"]).Succeeded();
        Assert.All(["mnist-fpn", "implicit, gamma 0.1", "54,352"], text => Assert.Contains(text, run.Output, StringComparison.Ordinal));
        CliRun info = CliRun.Of("info", "--model", folder["model"]).Succeeded();
        Assert.All(["mnist-fpn", "32 latent channels of 9 x 9; gamma 0.1", "none certified"], text => Assert.Contains(text, info.Output, StringComparison.Ordinal));

        JsonElement small = Evaluate(folder["model"], "--gamma", "0.01");
        JsonElement large = Evaluate(folder["model"]);
        Assert.True(small.GetProperty("meanSteps").GetDouble() < large.GetProperty("meanSteps").GetDouble() - 1);
        Assert.True(small.GetProperty("gammaMeasured").GetDouble() < large.GetProperty("gammaMeasured").GetDouble() / 2);
        JsonElement limited = Evaluate(folder["model"], "--max-steps", "1", "--tolerance", "1e-9");
        Assert.Equal(1.0, limited.GetProperty("meanSteps").GetDouble());

        CliRun.Of("export", "--model", folder["model"], "--pytorch", folder["again.pth"]).Succeeded();
        Assert.Equal(File.ReadAllBytes(folder["w.pth"]), File.ReadAllBytes(folder["again.pth"]));
    }

    [Fact]
    public void An_explicit_twin_says_so()
    {
        using TemporaryFolder folder = new();
        WriteMnist(folder["w.pth"]);
        CliRun.Of("import", folder["w.pth"], "--network", "mnist-fpn", "--gamma", "0.95", "--explicit", "--output", folder["model"]).Succeeded();
        Assert.Contains("explicit twin", CliRun.Of("info", "--model", folder["model"]).Succeeded().Output, StringComparison.Ordinal);
        JsonElement result = Evaluate(folder["model"]);
        Assert.Equal((0.0, 2.0), (result.GetProperty("gammaCertified").GetDouble(), result.GetProperty("meanSteps").GetDouble()));
    }

    [Fact]
    public void Weights_at_several_places_are_chosen_by_entry()
    {
        using TemporaryFolder folder = new();
        byte[] tensors = PickleBytes.Ordered(("x", PickleBytes.Floats("0", 1)));
        folder.Write("w.pth", PickleBytes.File(PickleBytes.Dictionary(("model", tensors), ("average", tensors)), ("0", new byte[4])));
        string[] import = ["import", folder["w.pth"], "--network", "svhn-fpn", "--gamma", "0.5", "--output", folder["model"]];
        CliRun.Of(import).Failed(1, folder["w.pth"], "'model', 'average'");
        CliRun.Of([.. import, "--entry", "average"]).Failed(1, "not the weights of a network of the paper");
        Assert.Equal(["w.pth"], folder.Names);
    }

    [Fact]
    public void Weights_of_another_network_are_refused_and_nothing_is_written()
    {
        using TemporaryFolder folder = new();
        WriteMnist(folder["w.pth"]);
        CliRun.Of("import", folder["w.pth"], "--network", "svhn-fpn", "--gamma", "0.5", "--output", folder["model"])
            .Failed(1, folder["w.pth"], "svhn-fpn", "missing, 'conv1.weight'", "unlike", "unknown, 'conv_d1.weight'");
        Assert.Equal(["w.pth"], folder.Names);
    }

    [Fact]
    public void A_folder_that_holds_a_model_is_left_alone()
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}"u8);
        CliRun.Of("import", folder["w.pth"], "--network", "mnist-fpn", "--gamma", "0.5", "--output", folder.Path).Failed(1, "holds a model");
        Assert.Equal(["config.json"], folder.Names);
    }

    [Fact]
    public void Bad_files_and_options_are_refused_in_one_line()
    {
        using TemporaryFolder folder = new();
        folder.Write("old.pth", [0x80, 2, 0x8A, 10]);
        string[] rest = ["--network", "mnist-fpn", "--gamma", "0.5", "--output", folder["model"]];
        CliRun.Of(["import", folder["none.pth"], .. rest]).Failed(1, folder["none.pth"], "cannot be opened");
        CliRun.Of(["import", folder["old.pth"], .. rest]).Failed(1, folder["old.pth"], "torch.save(torch.load(path), path)");
        CliRun.Of("import", folder["old.pth"], "--network", "lenet", "--gamma", "0.5", "--output", "x").Failed(2, "--network must be mnist-fpn, svhn-fpn, cifar10-fpn-small or cifar10-fpn; given lenet.");
        CliRun.Of("import", folder["old.pth"], "--network", "mnist-fpn", "--output", "x").Failed(2, "--gamma");
        CliRun.Of("import", folder["old.pth"], "--network", "mnist-fpn", "--gamma", "1", "--output", "x").Failed(2, "--gamma must be");
        CliRun.Of("export", "--model", folder["none"], "--pytorch", folder["w.pth"]).Failed(1, "config.json");
        Assert.Equal(["old.pth"], folder.Names);
    }

    public static TheoryData<string> Forms => ["module.", "_orig_mod.", "module._orig_mod.", "net.", "rng beside", "several", "old", "averaged"];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Weights_as_others_save_them_are_read_as_the_plain_ones(string form)
    {
        ArgumentNullException.ThrowIfNull(form);
        using TemporaryFolder folder = new();
        WriteMnist(folder["w.pth"]);
        (string Name, long[] Shape, byte[] Bytes, bool IsCounter)[] tensors = ReadAll(folder["w.pth"]);
        string prefix = form.EndsWith('.') ? form : form == "averaged" ? "module." : "";
        (string, byte[])[] entries = [.. tensors
            .Select((tensor, key) => (tensor, key))
            .Where(item => form != "old" || !item.tensor.IsCounter)
            .Select(item => (prefix + item.tensor.Name, Entry(item.tensor, item.key)))];
        byte[] random = PickleBytes.Tensor(PickleBytes.Storage("ByteStorage", "rng", 16), 0, [16], [1]);
        byte[] content = form switch
        {
            "rng beside" => PickleBytes.Dictionary(("state_dict", PickleBytes.Ordered(entries)), ("rng_state", random)),
            "several" => PickleBytes.Dictionary(("optimizer", PickleBytes.Ordered([.. Enumerable.Range(0, 90).Select(i => ($"x{i}", random))])), ("model", PickleBytes.Ordered(entries)), ("epoch", PickleBytes.Int(3))),
            "averaged" => PickleBytes.Ordered([("n_averaged", random), .. entries]),
            _ => PickleBytes.Ordered(entries),
        };
        folder.Write("form.pth", PickleBytes.File(content, [.. tensors.Select((tensor, key) => ($"{key}", tensor.Bytes)), ("rng", new byte[16])]));
        foreach (string name in (string[])["w", "form"])
        {
            CliRun.Of("import", folder[name + ".pth"], "--network", "mnist-fpn", "--gamma", "0.95", "--output", folder[name]).Succeeded();
        }

        Assert.Equal(File.ReadAllBytes(Path.Combine(folder["w"], "model.safetensors")), File.ReadAllBytes(Path.Combine(folder["form"], "model.safetensors")));
    }

    [Fact]
    public void Two_dictionaries_of_such_weights_are_named_and_a_quantised_weight_is_named_with_its_kind()
    {
        using TemporaryFolder folder = new();
        WriteMnist(folder["w.pth"]);
        (string Name, long[] Shape, byte[] Bytes, bool IsCounter)[] tensors = ReadAll(folder["w.pth"]);
        (string Key, byte[])[] records = [.. tensors.Select((tensor, key) => ($"{key}", tensor.Bytes))];
        byte[] entries = PickleBytes.Ordered([.. tensors.Select((tensor, key) => (tensor.Name, Entry(tensor, key)))]);
        folder.Write("two.pth", PickleBytes.File(PickleBytes.Dictionary(("model", entries), ("ema", entries)), records));
        string[] rest = ["--network", "mnist-fpn", "--gamma", "0.95", "--output", folder["model"]];
        CliRun.Of(["import", folder["two.pth"], .. rest]).Failed(1, "'model', 'ema'", "--entry");

        byte[] quantised = PickleBytes.Call(PickleBytes.Global("torch._utils", "_rebuild_qtensor"), PickleBytes.Int(1));
        folder.Write("quantised.pth", PickleBytes.File(PickleBytes.Ordered([.. tensors.Select((tensor, key) => (tensor.Name, tensor.Name == "fc_y.weight" ? quantised : Entry(tensor, key)))]), records));
        CliRun.Of(["import", folder["quantised.pth"], .. rest]).Failed(1, "of a kind that is not read, 'fc_y.weight' (torch._utils._rebuild_qtensor)");
        CliRun.Of(["import", folder["two.pth"], .. rest, "--entry", "ema"]).Succeeded();
    }

    private static byte[] Entry((string Name, long[] Shape, byte[] Bytes, bool IsCounter) tensor, int key)
    {
        long[] stride = [.. tensor.Shape.Select((_, axis) => tensor.Shape[(axis + 1)..].Aggregate(1L, (product, size) => product * size))];
        return PickleBytes.Tensor(PickleBytes.Storage(tensor.IsCounter ? "LongStorage" : "FloatStorage", $"{key}", tensor.Bytes.Length / (tensor.IsCounter ? 8 : 4)), 0, tensor.Shape, stride);
    }

    private static (string Name, long[] Shape, byte[] Bytes, bool IsCounter)[] ReadAll(string path)
    {
        using DisposeScope scope = NewDisposeScope();
        using PyTorchFile file = PyTorchFile.Read(path);
        return [.. file.StateDictionary(path).Select(tensor => (tensor.Key, tensor.Value.shape, tensor.Value.contiguous().bytes.ToArray(), tensor.Value.dtype == ScalarType.Int64))];
    }

    /// <summary>On a few digits: those of a run that is said to have made the model.</summary>
    private static JsonElement Evaluate(string model, params string[] more)
    {
        RunSettingsFile.Write(model, RunKinds.DefaultsFor("digits") with { Images = 100, Validation = 40, TestImages = 20, Threads = 1 });
        CliRun run = CliRun.Of(["evaluate", "--model", model, "--data", "digits", "--split", "validation", "--threads", "1", "--quiet", "--json", .. more]).Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        return json.RootElement.Clone();
    }

    /// <summary>Weights as drawn, of the MNIST network with two latent layers.</summary>
    private static void WriteMnist(string path)
    {
        random.manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = MnistFpn.Create(new MnistFpnOptions { LatentLayers = 2 });
        PublishedWeights.Write(path, network);
        using PyTorchFile file = PyTorchFile.Read(path);
        Assert.Equal(2, PublishedNames.LatentLayers(file.StateDictionary(path).Keys));
    }
}
