using System.Runtime;
using ImplicitNet.NativeLibrary;
using TorchSharp;

namespace ImplicitNet.Tests.NativeLibrary;

public sealed class LoadedLibraryTests
{
    [Fact]
    public void This_process_has_loaded_the_weakened_copy_from_its_own_folder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux needs the copy.");
        torch.InitializeDeviceType(DeviceType.CPU);

        string loaded = Assert.Single(
            File.ReadLines("/proc/self/maps").Where(line => line.EndsWith("/libLibTorchSharp.so", StringComparison.Ordinal))
                .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..]).Distinct());

        Assert.StartsWith(AppContext.BaseDirectory, loaded, StringComparison.Ordinal);
        Assert.False(NeedsTheVersion(loaded));
    }

    [Fact]
    public void The_package_cache_keeps_the_library_as_it_was()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux needs the copy.");
        string version = typeof(torch).Assembly.GetName().Version!.ToString(3);
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string original = Path.Combine(packages, "torchsharp", version, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Assert.SkipUnless(File.Exists(original), $"There is no {original}.");

        Assert.True(NeedsTheVersion(original));
    }

    [Fact]
    public void No_collection_runs_in_the_background_of_a_program_that_takes_the_build_steps() =>
        Assert.Equal(GCLatencyMode.Batch, GCSettings.LatencyMode);

    private static bool NeedsTheVersion(string library) =>
        ElfVersionNeed.Weaken(File.ReadAllBytes(library), "libstdc++.so.6", "GLIBCXX_3.4.32");
}
