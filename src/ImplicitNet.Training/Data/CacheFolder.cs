namespace ImplicitNet.Training.Data;

/// <summary>Where downloads are kept for this user, between runs.</summary>
internal static class CacheFolder
{
    private const string FolderName = "implicitnet";

    /// <summary>
    /// On Windows the user's local application data; elsewhere XDG_CACHE_HOME where that is set to a full path, else ~/.cache; in each of
    /// them a folder "implicitnet". Nothing is created here.
    /// </summary>
    public static string Default => OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), FolderName)
        : Under(Environment.GetEnvironmentVariable("XDG_CACHE_HOME"), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    // The XDG base directory specification says to ignore a path that is not absolute.
    internal static string Under(string? cacheHome, string userHome) =>
        Path.Combine(Path.IsPathFullyQualified(cacheHome ?? "") ? cacheHome! : Path.Combine(userHome, ".cache"), FolderName);
}
