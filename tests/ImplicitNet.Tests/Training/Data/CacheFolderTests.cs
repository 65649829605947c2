using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class CacheFolderTests
{
    private static readonly string Home = Path.Combine(Path.GetTempPath(), "home");

    [Fact]
    public void A_full_cache_path_is_followed() => Assert.Equal(Path.Combine(Home, "c", "implicitnet"), CacheFolder.Under(Path.Combine(Home, "c"), Home));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("relative/cache")]
    public void No_cache_path_or_a_relative_one_means_the_home_folder(string? cacheHome) =>
        Assert.Equal(Path.Combine(Home, ".cache", "implicitnet"), CacheFolder.Under(cacheHome, Home));
}
