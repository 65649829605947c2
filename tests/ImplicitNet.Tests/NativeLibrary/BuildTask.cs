// The least of MSBuild that the shipped build step needs to compile here: no package of MSBuild for one base class.
namespace Microsoft.Build.Framework
{
    [AttributeUsage(AttributeTargets.Property)]
    public sealed class RequiredAttribute : Attribute;
}

namespace Microsoft.Build.Utilities
{
    public abstract class Task
    {
        public TaskLog Log { get; } = new();

        public abstract bool Execute();
    }

    public sealed class TaskLog
    {
        public List<string> Messages { get; } = [];

        public List<string> Errors { get; } = [];

        public void LogMessage(string message, params object[] arguments) =>
            Messages.Add(string.Format(null, message, arguments));

        public void LogError(
            string? subcategory, string code, string? help, string file, int line, int column, int endLine, int endColumn, string message) =>
            Errors.Add($"{file}({line},{column},{endLine},{endColumn}): {subcategory}error {code}{help}: {message}");
    }
}
