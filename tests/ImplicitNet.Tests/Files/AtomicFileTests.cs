using System.Text;
using ImplicitNet.Files;

namespace ImplicitNet.Tests.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["run.txt"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_file_is_written_and_nothing_else_stays()
    {
        AtomicFile.WriteText(Target, "höhe");

        Assert.Equal("höhe"u8.ToArray(), File.ReadAllBytes(Target));
        Assert.Equal(["run.txt"], _folder.Names);
    }

    [Fact]
    public void An_old_file_is_replaced_and_keeps_its_permissions()
    {
        File.WriteAllText(Target, "a much longer old content");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        }

        AtomicFile.WriteText(Target, "new");

        Assert.Equal("new", File.ReadAllText(Target));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(Target));
        }
    }

    [Fact]
    public void When_the_callback_throws_half_way_the_old_file_stays()
    {
        File.WriteAllText(Target, "old");

        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(Target, stream =>
        {
            stream.Write("half"u8);
            throw new OperationCanceledException();
        }));

        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal(["run.txt"], _folder.Names);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    public void When_the_disk_is_full_the_old_file_stays(int capacity)
    {
        File.WriteAllText(Target, "old");

        Assert.Throws<IOException>(() => AtomicFile.Write(
            Target,
            stream => stream.Write(new byte[100_000]),
            file => new FullDiskStream(file, capacity)));

        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal(["run.txt"], _folder.Names);
    }

    [Fact]
    public void When_the_disk_is_full_at_the_last_flush_the_old_file_stays()
    {
        File.WriteAllText(Target, "old");

        // The callback itself succeeds: its bytes wait in a buffer that is emptied after it.
        Assert.Throws<IOException>(() => AtomicFile.Write(
            Target,
            stream => stream.Write(new byte[100]),
            file => new BufferedStream(new FullDiskStream(file, 10), 4096)));

        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal(["run.txt"], _folder.Names);
    }

    [Fact]
    public void A_missing_folder_is_named_and_the_callback_is_not_run()
    {
        string target = Path.Combine(_folder["missing"], "run.txt");

        var exception = Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.Write(target, _ => Assert.Fail("was run")));

        Assert.Contains(_folder["missing"], exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_place_of_the_folder_is_an_error()
    {
        File.WriteAllText(_folder["file"], "not a folder");

        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.WriteText(Path.Combine(_folder["file"], "run.txt"), "new"));

        Assert.Equal("not a folder", File.ReadAllText(_folder["file"]));
    }

    [Fact]
    public void A_folder_in_place_of_the_file_is_an_error()
    {
        Directory.CreateDirectory(Target);

        Assert.Throws<IOException>(() => AtomicFile.WriteText(Target, "new"));
        Assert.Equal(["run.txt"], _folder.Names);
    }

    [Fact]
    public void Leftovers_of_a_killed_writer_are_removed_and_other_files_are_not()
    {
        string[] others = [".run.txt.tmp", ".run.txt.0123456789abcdeX.tmp", ".run.txt.0123456789abcdef0.tmp", ".other.txt.0123456789abcdef.tmp"];
        foreach (string name in others.Append(".run.txt.0123456789abcdef.tmp"))
        {
            File.WriteAllText(_folder[name], "half");
        }

        AtomicFile.WriteText(Target, "new");

        Assert.Equal(others.Append("run.txt").Order(), _folder.Names);
    }

    [Fact]
    public void The_temporary_file_of_a_living_writer_is_left_alone()
    {
        AtomicFile.Write(Target, outer =>
        {
            AtomicFile.WriteText(Target, "inner");
            outer.Write(Encoding.UTF8.GetBytes("outer after " + File.ReadAllText(Target)));
        });

        Assert.Equal("outer after inner", File.ReadAllText(Target));
        Assert.Equal(["run.txt"], _folder.Names);
    }

    [Fact]
    public void A_symbolic_link_is_followed()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Making a symbolic link needs a privilege on Windows.");
        }

        File.CreateSymbolicLink(_folder["link"], Target);

        AtomicFile.WriteText(_folder["link"], "first");
        AtomicFile.WriteText(_folder["link"], "second");

        Assert.Equal("second", File.ReadAllText(Target));
        Assert.NotNull(new FileInfo(_folder["link"]).LinkTarget);
    }

    [Fact]
    public void The_temporary_file_is_its_owners_alone_and_the_whole_one_has_the_rights_of_any_other()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "has other rights");
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["any"], "");
        AtomicFile.Write(folder["new"], stream => AssertOwnersAlone(folder));
        Assert.Equal(Mode(folder["any"]), Mode(folder["new"]));

        SetMode(folder["new"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        AtomicFile.Write(folder["new"], stream => AssertOwnersAlone(folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, Mode(folder["new"]));

        static void AssertOwnersAlone(TemporaryFolder folder)
        {
            string temporary = Assert.Single(Directory.GetFiles(folder.Path, ".*.tmp"));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode(temporary));
        }
    }

    private static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }
}
