using ImplicitNet.Files.Safetensors;

namespace ImplicitNet.Tests.Cli;

public sealed class OutputFolderTests : TensorTest
{
    [Fact]
    public void A_folder_that_cannot_be_made_is_refused()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("file", "content"u8);
        CliRun.Of(TinyModel.Arguments("--output", Path.Combine(file, "run"))).Failed(1, file, "cannot be written to");
        Assert.Equal("content"u8, File.ReadAllBytes(file));
        Assert.Equal(["file"], folder.Names);
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_ends_the_run_in_one_line()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(Path.Combine(folder["run"], "checkpoint.safetensors"));
        CliRun.Of(TinyModel.Arguments("--output", folder["run"])).Failed(1, "checkpoint.safetensors");
        Assert.DoesNotContain(Directory.EnumerateFiles(folder["run"]), name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    /// <summary>On a file system of its own, with room for one checkpoint but not for a second beside it.</summary>
    [Fact]
    public void A_full_disk_leaves_the_old_files_whole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mounts a file system as Linux does");
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["small"]);
        Directory.CreateDirectory(folder["kept"]);

        // A mount namespace ends with its processes; what is left on the full disk is looked at outside.
        const string inside = "mount -t tmpfs -o size=1000k tmpfs \"$SMALL\" || exit 99; \"$@\"; code=$?; cp -a \"$SMALL/.\" \"$KEPT\"; exit $code";
        Dictionary<string, string> environment = new() { ["SMALL"] = folder["small"], ["KEPT"] = folder["kept"], ["INSIDE"] = inside };
        using CliProcess process = CliProcess.StartInShell(
            "exec unshare -rm sh -c \"$INSIDE\" sh \"$@\"", environment, TinyModel.Arguments("--output", folder["small"], "--checkpoint-every", "3"));
        CliRun run = process.Wait();
        Assert.SkipWhen(run.Error.StartsWith("unshare", StringComparison.Ordinal) || run.Code is 99 or 127, "this system lets users mount nothing");
        run.Failed(1, folder["small"] + "/checkpoint.safetensors", "space");
        string[] names = [.. Directory.EnumerateFiles(folder["kept"]).Select(path => Path.GetFileName(path))];
        Assert.DoesNotContain(names, name => name.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.DoesNotContain("result.json", names);
        using SafetensorsFile whole = SafetensorsFile.Read(Path.Combine(folder["kept"], "checkpoint.safetensors"));
        Assert.Contains("position", whole.Metadata.Keys);
    }
}
