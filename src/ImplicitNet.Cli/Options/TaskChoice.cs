namespace ImplicitNet.Cli.Options;

/// <summary>What is asked of images, by name.</summary>
internal static class TaskChoice
{
    public const string Classification = "classification";

    public const string Deblurring = "deblurring";

    public const string Tomography = "tomography";

    public static IReadOnlyList<string> Names { get; } = [Classification, Deblurring, Tomography];
}
