using ImplicitNet.NativeLibrary;

namespace ImplicitNet.Tests.NativeLibrary;

public sealed class WeakenVersionNeedTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private readonly byte[] _image = new ElfImage().Needs("libstdc++.so.6", "GLIBCXX_3.4.32").ToBytes();

    [Fact]
    public void The_copy_is_weak_and_the_library_is_left_as_it_is()
    {
        WeakenVersionNeed step = Step(_image);

        Assert.True(step.Execute());
        Assert.Equal(_image, File.ReadAllBytes(step.Source));
        Assert.Equal(new ElfImage().Needs("libstdc++.so.6", new NeededVersion("GLIBCXX_3.4.32", 2)).ToBytes(), File.ReadAllBytes(step.Destination));
        Assert.Equal([$"{step.Source}: the need of GLIBCXX_3.4.32 is weak now."], step.Log.Messages);
    }

    [Fact]
    public void A_second_run_writes_the_same_copy()
    {
        WeakenVersionNeed step = Step(_image);
        step.Execute();
        byte[] first = File.ReadAllBytes(step.Destination);

        Assert.True(step.Execute());
        Assert.Equal(first, File.ReadAllBytes(step.Destination));
        Assert.Equal(["copy.so", "library.so"], _folder.Names);
    }

    [Fact]
    public void A_library_without_the_need_is_copied_as_it_is()
    {
        byte[] other = new ElfImage().Needs("libc.so.6", "GLIBC_2.14").ToBytes();
        WeakenVersionNeed step = Step(other);

        Assert.True(step.Execute());
        Assert.Equal(other, File.ReadAllBytes(step.Destination));
        Assert.Equal([$"{step.Source}: the need of GLIBCXX_3.4.32 is absent or weak already."], step.Log.Messages);
    }

    [Fact]
    public void A_broken_library_gives_one_error_and_no_copy()
    {
        WeakenVersionNeed step = Step(_image[..100]);

        Assert.False(step.Execute());
        string error = Assert.Single(step.Log.Errors);
        Assert.Equal(
            $"{step.Source}(0,0,0,0): error INN0001: At offset 0x7f: expected the section headers, 192 bytes, found the end of the file at 0x64."
                + " Set ImplicitNetRelaxLoader to false to use the library as it is.",
            error);
        Assert.Equal(["library.so"], _folder.Names);
    }

    [Fact]
    public void A_missing_library_gives_one_error()
    {
        WeakenVersionNeed step = Step(_image);
        File.Delete(step.Source);

        Assert.False(step.Execute());
        Assert.Single(step.Log.Errors);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void A_copy_that_cannot_be_written_gives_one_error_and_leaves_nothing_behind()
    {
        WeakenVersionNeed step = Step(_image);
        Directory.CreateDirectory(step.Destination);

        Assert.False(step.Execute());
        Assert.Single(step.Log.Errors);
        Assert.Equal(["copy.so", "library.so"], _folder.Names);
    }

    public void Dispose() => _folder.Dispose();

    private WeakenVersionNeed Step(byte[] library)
    {
        File.WriteAllBytes(_folder["library.so"], library);
        return new()
        {
            Source = _folder["library.so"],
            Destination = _folder["copy.so"],
            Library = "libstdc++.so.6",
            Version = "GLIBCXX_3.4.32",
        };
    }
}
