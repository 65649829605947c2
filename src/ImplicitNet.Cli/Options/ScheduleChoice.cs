using ImplicitNet.Training;

namespace ImplicitNet.Cli.Options;

/// <summary>The schedules of the learning rate by name.</summary>
internal static class ScheduleChoice
{
    public const string Cosine = "cosine";

    private static readonly Dictionary<string, LearningRateSchedule> Schedules = new()
    {
        [Cosine] = new CosineSchedule(),
        ["constant"] = new ConstantSchedule(),
    };

    public static IReadOnlyList<string> Names { get; } = [.. Schedules.Keys];

    /// <exception cref="ArgumentException">There is no schedule of that name.</exception>
    public static LearningRateSchedule Create(string name) => Schedules.TryGetValue(name, out LearningRateSchedule? schedule)
        ? schedule
        : throw new ArgumentException($"schedule must be {string.Join(" or ", Names)}; it is {name}.");
}
