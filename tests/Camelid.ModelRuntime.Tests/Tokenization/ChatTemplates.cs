namespace Camelid.ModelRuntime.Tests.Tokenization;

/// <summary>Chat templates in the manner of the families: written for these tests, with their tokens.</summary>
internal static class ChatTemplates
{
    /// <summary>Qwen, SmolLM: a default system message.</summary>
    internal const string ChatMl =
        """
        {% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}
        {{- '<|im_start|>system\nYou help.<|im_end|>\n' }}{% endif %}
        {{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}
        {%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """;

    /// <summary>Llama 3: trimmed messages, a date that would come from the clock.</summary>
    internal const string Llama3 =
        """
        {{- bos_token }}
        {%- if strftime_now is defined %}
            {%- set today = strftime_now('%d %b %Y') %}
        {%- else %}
            {%- set today = '26 Jul 2024' %}
        {%- endif %}
        {%- if messages[0]['role'] == 'system' %}
            {%- set system_message = messages[0]['content'] | trim %}
            {%- set messages = messages[1:] %}
        {%- else %}
            {%- set system_message = '' %}
        {%- endif %}
        {{- '<|start_header_id|>system<|end_header_id|>\n\nToday: ' + today + '\n\n' + system_message + '<|eot_id|>' }}
        {%- for message in messages %}
            {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}
            {{- message['content'] | trim + '<|eot_id|>' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
        {%- endif %}
        """;

    /// <summary>Llama 2: the system message inside the first user message, roles that must alternate.</summary>
    internal const string Llama2 =
        """
        {% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}{% set rules = messages[0]['content'] %}
        {% else %}{% set turns = messages %}{% set rules = false %}{% endif %}
        {% for message in turns %}
        {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}
        {%- endif %}
        {% if loop.index0 == 0 and rules %}
        {% set content = '<<SYS>>\n' + rules + '\n<</SYS>>\n\n' + message['content'] %}
        {% else %}{% set content = message['content'] %}{% endif %}
        {% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content + ' [/INST]' }}
        {%- else %}{{ ' ' + content + ' ' + eos_token }}{% endif %}
        {% endfor %}
        """;

    /// <summary>Mistral: the system message inside the last user message.</summary>
    internal const string Mistral =
        """
        {%- if messages[0]['role'] == 'system' %}
            {%- set rules = messages[0]['content'] %}
            {%- set turns = messages[1:] %}
        {%- else %}
            {%- set turns = messages %}
        {%- endif %}
        {{- bos_token }}
        {%- for message in turns %}
            {%- if message['role'] == 'user' %}
                {%- if loop.last and rules is defined %}
                    {{- '[INST] ' + rules + '\n\n' + message['content'] + '[/INST]' }}
                {%- else %}
                    {{- '[INST] ' + message['content'] + '[/INST]' }}
                {%- endif %}
            {%- else %}
                {{- ' ' + message['content'] + eos_token }}
            {%- endif %}
        {%- endfor %}
        """;

    /// <summary>Zephyr, TinyLlama: white space between the tags that must not reach the prompt.</summary>
    internal const string Zephyr =
        """
        {% for message in messages %}
        {% if message['role'] == 'user' %}
        {{ '<|user|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'system' %}
        {{ '<|system|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'assistant' %}
        {{ '<|assistant|>\n' + message['content'] + eos_token }}
        {% endif %}
        {% if loop.last and add_generation_prompt %}
        {{ '<|assistant|>' }}
        {% endif %}
        {% endfor %}
        """;
}
