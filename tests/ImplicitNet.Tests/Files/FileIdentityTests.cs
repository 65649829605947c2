using System.Diagnostics;
using ImplicitNet.Files;

namespace ImplicitNet.Tests.Files;

public sealed class FileIdentityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Photo => _folder["photo.png"];

    [Fact]
    public void Spellings_and_symbolic_links_of_a_file_are_that_file_and_its_copy_is_not()
    {
        File.WriteAllText(Photo, "photo");
        File.Copy(Photo, _folder["copy.png"]);
        File.SetLastWriteTimeUtc(_folder["copy.png"], File.GetLastWriteTimeUtc(Photo));
        Directory.CreateDirectory(_folder["inner"]);
        File.CreateSymbolicLink(_folder["inner/link.png"], "../photo.png");
        File.CreateSymbolicLink(_folder["second.png"], "inner/link.png");
        Directory.CreateSymbolicLink(_folder["door"], _folder.Path);
        foreach (string name in new[] { "photo.png", "inner/../photo.png", "./photo.png", "inner/link.png", "second.png", "door/photo.png", "door/second.png" })
        {
            Assert.True(FileIdentity.AreOne(_folder[name], Photo), name);
            Assert.True(FileIdentity.AreOne(Photo, _folder[name]), name);
        }

        File.CreateSymbolicLink(_folder["nowhere.png"], "none.png");
        File.CreateSymbolicLink(_folder["round.png"], "round.png");
        foreach (string name in new[] { "copy.png", "none.png", "none/photo.png", "nowhere.png", "round.png", "inner" })
        {
            Assert.False(FileIdentity.AreOne(_folder[name], Photo), name);
            Assert.False(FileIdentity.AreOne(Photo, _folder[name]), name);
        }
    }

    [Fact]
    public void Hard_links_are_one_file_and_stay_as_they_are()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        File.WriteAllText(Photo, "photo");
        using (Process link = Process.Start("ln", [Photo, _folder["hard.png"]]))
        {
            link.WaitForExit();
        }

        Assert.True(FileIdentity.AreOne(_folder["hard.png"], Photo));
        Assert.True(FileIdentity.AreOne(Photo, _folder["hard.png"]));
        Assert.Equal("photo", File.ReadAllText(_folder["hard.png"]));

        // Held by somebody else nothing can be told by holding it: names alone are compared.
        using FileStream held = new(Photo, FileMode.Open, FileAccess.Read, FileShare.None);
        Assert.False(FileIdentity.AreOne(_folder["hard.png"], Photo));
        Assert.True(FileIdentity.AreOne(Photo, Photo));
    }

    public void Dispose() => _folder.Dispose();
}
