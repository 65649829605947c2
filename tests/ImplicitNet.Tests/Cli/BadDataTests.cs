namespace ImplicitNet.Tests.Cli;

public sealed class BadDataTests : TensorTest
{
    public static TheoryData<string, byte[], string> Faults => new()
    {
        { BadData.TrainImages, IdxBytes.Of(0x0802, [40, 28, 28], new byte[40 * 784]), "byte 0" },
        { BadData.TrainImages, IdxBytes.Images(40, 28, 28)[..^100], "40 images" },
        { BadData.TrainImages, [.. IdxBytes.Images(40, 28, 28), 0], "40 images" },
        { BadData.TrainImages, IdxBytes.Of(0x0803, [uint.MaxValue, 28, 28], []), "number of images" },
        { BadData.TrainLabels, IdxBytes.Labels([.. Enumerable.Repeat((byte)10, 40)]), "label 10" },
        { BadData.TrainLabels, IdxBytes.Labels(1, 2, 3), "40 images" },
        { BadData.TestImages, IdxBytes.Images(10, 20, 20), "20 x 20" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_damaged_data_file_is_refused_before_anything_is_written(string name, byte[] content, string expected)
    {
        using TemporaryFolder folder = new();
        BadData.WriteDigits(folder);
        folder.Write(name, content);
        string output = folder["run"];
        string culprit = name == BadData.TrainLabels && expected == "40 images" ? BadData.TrainImages : name;
        Train(folder, output, "--validation", "10").Failed(1, culprit, expected);
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void A_missing_data_file_is_named()
    {
        using TemporaryFolder folder = new();
        BadData.WriteDigits(folder);
        File.Delete(folder[BadData.TestLabels]);
        CliRun run = Train(folder, folder["run"], "--validation", "10").Failed(1, folder.Path, BadData.TestLabels);

        // What is going to be done is said before the data are looked for.
        Assert.Equal("Training an implicit classifier on mnist, by JFB\n  mnist-fpn, clean form (R a certified contraction)\n", run.Output);
    }

    [Fact]
    public void More_images_than_there_are_are_refused()
    {
        using TemporaryFolder folder = new();
        BadData.WriteDigits(folder);
        Train(folder, folder["run"], "--validation", "40").Failed(1, "--validation 40", "40 images");
        Train(folder, folder["run"], "--validation", "10", "--images", "31").Failed(1, "--images 31", "30 images");
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void Without_a_network_the_files_and_the_folder_to_put_them_in_are_named()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "uses a shell and the cache folder of Linux");
        using TemporaryFolder folder = new();
        Dictionary<string, string> environment = new()
        {
            ["XDG_CACHE_HOME"] = folder["cache"],
            ["https_proxy"] = "http://127.0.0.1:9",
            ["http_proxy"] = "http://127.0.0.1:9",
            ["no_proxy"] = "",
        };
        using CliProcess process = CliProcess.StartInShell("exec \"$@\"", environment, "train", "--data", "mnist", "--output", folder["run"]);
        process.Wait().Failed(1, Path.Combine(folder["cache"], "implicitnet", "mnist"), "train-images-idx3-ubyte.gz");
        Assert.False(Directory.Exists(folder["run"]));
    }

    private static CliRun Train(TemporaryFolder data, string output, params string[] more) =>
        CliRun.Of(["train", "--data", "mnist", "--data-dir", data.Path, "--output", output, "--epochs", "1", "--threads", "1", .. more]);
}
