import { readFileSync } from 'node:fs';

const file = (name: string, most = 60_000): string =>
  readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8').slice(0, most);

/** What tools give back and models read, of some length. The estimate was not fitted to any of it. */
export const documents: Readonly<Record<string, string>> = {
  'README.md': file('README.md'),
  'CHANGELOG.md': file('CHANGELOG.md'),
  'package-lock.json': file('package-lock.json', 40_000),
  'data as code': file('test/transcript/reference/openai-chat.ts'),
  'source code': file('src/transcript/history/guard.ts'),
  'source of a dialect': file('src/transcript/dialects/anthropic.ts'),
  'source of tests': file('test/transcript/reference.test.ts'),
  'declarations of a package': file('node_modules/ai/dist/index.d.ts'),
  sql: "select c.id, c.name, sum(i.amount) as total\nfrom customers c\njoin invoices i on i.customer_id = c.id\nwhere i.status = 'open' and i.due_at < now() - interval '30 days'\ngroup by c.id, c.name\nhaving sum(i.amount) > 1000\norder by total desc\nlimit 50;\n".repeat(
    6,
  ),
  html: '<div class="card card--wide"><h2 class="card__title">Invoice 4711</h2><p>Due on <time datetime="2026-11-28">28 November</time></p><a href="/invoices/4711/pay" class="button button--primary">Pay now</a></div>\n'.repeat(
    10,
  ),
  csv: Array.from(
    { length: 80 },
    (_, i) =>
      `${1000 + i},Ada Lovelace,ada.lovelace@example.com,2026-11-${10 + (i % 19)},${(i * 13.37).toFixed(2)},EUR,open`,
  ).join('\n'),
  'stack trace':
    "TypeError: Cannot read properties of undefined (reading 'amount')\n    at payInvoice (/srv/app/dist/billing/pay-invoice.js:42:17)\n    at async Promise.all (index 3)\n    at async runTools (/srv/app/dist/agent/run-tools.js:118:5)\n".repeat(
      8,
    ),
  diff: 'diff --git a/src/pay.ts b/src/pay.ts\nindex 83db48f..bf269f4 100644\n--- a/src/pay.ts\n+++ b/src/pay.ts\n@@ -10,7 +10,7 @@ export function pay(id: string) {\n-  const total = sum(items);\n+  const total = sum(items) + shipping(items);\n   return charge(id, total);\n }\n'.repeat(
    8,
  ),
  latex:
    '\\begin{align} \\int_0^\\infty e^{-x^2}\\,dx &= \\frac{\\sqrt{\\pi}}{2} \\\\ \\sum_{n=1}^{\\infty} \\frac{1}{n^2} &= \\frac{\\pi^2}{6} \\end{align} where $\\alpha \\in \\mathbb{R}$ and $\\nabla \\cdot \\mathbf{E} = \\rho/\\varepsilon_0$.'.repeat(
      4,
    ),
  ids: Array.from(
    { length: 30 },
    (_, i) =>
      `call_${'AbC9xQz7LmNp2RsT'
        .split('')
        .map((c, k) => String.fromCharCode(65 + ((c.charCodeAt(0) * (k + 3) + i * 7) % 26)))
        .join('')}`,
  ).join(' '),
  'js min':
    'function a(t,e){return t&&e?n(t)+i(e):0}var n=t=>t.map(r=>r.x*2).filter(Boolean),i=t=>{for(let e=0,r=t.length;e<r;++e)if(t[e]===o)return e;return-1};export{a as default};'.repeat(
      6,
    ),
  http: 'HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json; charset=utf-8\r\nx-ratelimit-remaining-requests: 0\r\nretry-after: 12\r\nx-request-id: req_8f14e45fceea167a5a36dedd4bea2543\r\n\r\n'.repeat(
    5,
  ),
};

/** What people write, in a sentence or two. */
export const chats: Readonly<Record<string, string>> = {
  'chinese news':
    '北京时间周三上午，多家科技公司宣布将在明年推出新一代人工智能助手。分析人士认为，这一举措可能会改变用户与软件互动的方式，但同时也带来了数据安全和隐私保护方面的担忧。公司发言人表示，所有功能都将在获得用户明确同意之后才会启用。',
  'chinese chat':
    '你好，我上周买的那双鞋有点小，想换大一码，请问怎么操作？订单号是 20261128。另外，运费谁出啊？如果没有货的话就直接退款吧，谢谢！',
  'japanese chat':
    'お世話になっております。先日注文した商品がまだ届いておりません。お手数ですが、配送状況をご確認いただけますでしょうか。注文番号は A-20931 です。よろしくお願いいたします。',
  'japanese kata':
    'サーバーのログファイルにエラーが記録されました。データベースへの接続がタイムアウトしたため、リトライ処理を実行しています。システム管理者に連絡してください。',
  'korean chat':
    '안녕하세요, 지난주에 주문한 상품이 아직 도착하지 않았습니다. 배송 상태를 확인해 주실 수 있을까요? 주문번호는 20931입니다. 가능하면 이번 주 안에 받고 싶습니다. 감사합니다.',
  'russian chat':
    'Добрый день! На прошлой неделе я оформил заказ, но посылка до сих пор не пришла. Не могли бы вы проверить, где она сейчас находится? Номер заказа — 20931. Если товара нет на складе, верните, пожалуйста, деньги на карту.',
  'russian tech':
    'Сервер вернул ошибку при попытке подключения к базе данных: превышено время ожидания ответа. Повторная попытка будет выполнена автоматически через тридцать секунд, после чего администратору отправляется уведомление.',
  'ukrainian chat':
    'Добрий день! Минулого тижня я замовила сукню, але посилка досі не прийшла. Чи могли б ви перевірити, де вона зараз? Якщо її немає на складі, поверніть, будь ласка, гроші.',
  serbian:
    'Добар дан, прошле недеље сам наручила ципеле, али још нису стигле. Можете ли да проверите где је пакет? Хвала.',
  kazakh:
    'Сәлеметсіз бе, өткен аптада аяқ киімге тапсырыс бердім, бірақ ол әлі келген жоқ. Сәлемдеменің қайда екенін тексере аласыз ба? Рахмет.',
  'arabic chat':
    'مرحبا، طلبت حذاء الأسبوع الماضي ولم يصل حتى الآن. هل يمكنكم التحقق من حالة الشحنة من فضلكم؟ رقم الطلب هو ٢٠٩٣١. إذا لم يكن المنتج متوفرا فأرجو إعادة المبلغ إلى بطاقتي. شكرا جزيلا.',
  'arabic tech':
    'حدث خطأ أثناء الاتصال بقاعدة البيانات، وسيتم إعادة المحاولة تلقائيا بعد ثلاثين ثانية. يرجى التواصل مع مسؤول النظام إذا استمرت المشكلة.',
  urdu: 'السلام علیکم، میں نے پچھلے ہفتے جوتے منگوائے تھے لیکن وہ ابھی تک نہیں پہنچے۔ کیا آپ چیک کر سکتے ہیں کہ پارسل کہاں ہے؟ شکریہ۔',
  'hebrew chat':
    'שלום, הזמנתי נעליים בשבוע שעבר והן עדיין לא הגיעו. האם תוכלו לבדוק היכן המשלוח נמצא? אם המוצר אינו במלאי, אנא החזירו את הכסף לכרטיס שלי. תודה רבה.',
  'hindi chat':
    'नमस्ते, मैंने पिछले हफ्ते जूते मंगवाए थे लेकिन वे अभी तक नहीं आए हैं। क्या आप कृपया बता सकते हैं कि मेरा पार्सल कहाँ है? अगर सामान उपलब्ध नहीं है तो पैसे वापस कर दीजिए। धन्यवाद।',
  bengali:
    'আমি গত সপ্তাহে একটি জুতা অর্ডার করেছিলাম কিন্তু এখনও পাইনি। দয়া করে জানাবেন আমার পার্সেলটি কোথায় আছে? পণ্যটি না থাকলে টাকা ফেরত দিন।',
  punjabi: 'ਸਤ ਸ੍ਰੀ ਅਕਾਲ, ਮੈਂ ਪਿਛਲੇ ਹਫ਼ਤੇ ਜੁੱਤੇ ਮੰਗਵਾਏ ਸਨ ਪਰ ਉਹ ਅਜੇ ਤੱਕ ਨਹੀਂ ਆਏ। ਕਿਰਪਾ ਕਰਕੇ ਜਾਂਚ ਕਰੋ। ਧੰਨਵਾਦ।',
  gujarati: 'નમસ્તે, મેં ગયા અઠવાડિયે બૂટ મંગાવ્યા હતા પણ તે હજુ આવ્યા નથી. કૃપા કરીને તપાસ કરશો? આભાર.',
  tamil:
    'நான் கடந்த வாரம் ஒரு காலணி வாங்கினேன், ஆனால் அது இன்னும் வரவில்லை. தயவுசெய்து எனது பொருள் எங்கே உள்ளது என்று சொல்ல முடியுமா? நன்றி.',
  telugu: 'నమస్కారం, నేను గత వారం బూట్లు ఆర్డర్ చేశాను కానీ అవి ఇంకా రాలేదు. దయచేసి పార్సెల్ ఎక్కడ ఉందో చూడగలరా? ధన్యవాదాలు.',
  kannada: 'ನಮಸ್ಕಾರ, ನಾನು ಕಳೆದ ವಾರ ಶೂ ಆರ್ಡರ್ ಮಾಡಿದ್ದೆ ಆದರೆ ಅದು ಇನ್ನೂ ಬಂದಿಲ್ಲ. ದಯವಿಟ್ಟು ಪರಿಶೀಲಿಸಿ. ಧನ್ಯವಾದಗಳು.',
  malayalam: 'നമസ്കാരം, കഴിഞ്ഞ ആഴ്ച ഞാൻ ഒരു ജോഡി ഷൂസ് ഓർഡർ ചെയ്തു, പക്ഷേ ഇതുവരെ കിട്ടിയില്ല. ദയവായി പരിശോധിക്കാമോ? നന്ദി.',
  sinhala: 'ආයුබෝවන්, මම පසුගිය සතියේ සපත්තු ඇණවුම් කළා, නමුත් ඒවා තවම ලැබුණේ නැහැ. කරුණාකර පරීක්ෂා කරන්න. ස්තූතියි.',
  'thai chat':
    'สวัสดีค่ะ สั่งรองเท้าไปเมื่อสัปดาห์ที่แล้วแต่ยังไม่ได้รับของเลย รบกวนช่วยตรวจสอบสถานะการจัดส่งให้หน่อยได้ไหมคะ ถ้าไม่มีของก็ขอคืนเงินค่ะ ขอบคุณค่ะ',
  lao: 'ສະບາຍດີ ຂ້ອຍໄດ້ສັ່ງເກີບອາທິດແລ້ວ ແຕ່ຍັງບໍ່ທັນໄດ້ຮັບ. ກະລຸນາກວດເບິ່ງໃຫ້ແດ່. ຂອບໃຈ.',
  burmese: 'မင်္ဂလာပါ။ ပြီးခဲ့တဲ့အပတ်က ဖိနပ်တစ်ရံ မှာထားတာ အခုထိ မရောက်သေးပါဘူး။ စစ်ပေးပါ။ ကျေးဇူးတင်ပါတယ်။',
  khmer: 'សួស្តី ខ្ញុំបានកុម្ម៉ង់ស្បែកជើងកាលពីសប្តាហ៍មុន ប៉ុន្តែវាមិនទាន់មកដល់ទេ។ សូមជួយពិនិត្យមើល។ អរគុណ។',
  'greek chat':
    'Καλησπέρα, παρήγγειλα παπούτσια την περασμένη εβδομάδα και δεν έχουν έρθει ακόμα. Μπορείτε να ελέγξετε πού βρίσκεται το δέμα; Αν δεν υπάρχει απόθεμα, παρακαλώ επιστρέψτε τα χρήματα.',
  georgian:
    'გამარჯობა, გასულ კვირას ფეხსაცმელი შევუკვეთე და ჯერ არ მოსულა. შეგიძლიათ გადაამოწმოთ, სად არის ამანათი? გმადლობთ.',
  armenian:
    'Բարև ձեզ, անցյալ շաբաթ կոշիկ էի պատվիրել, բայց դեռ չի հասել։ Կարո՞ղ եք ստուգել, թե որտեղ է ծանրոցը։ Շնորհակալություն։',
  amharic: 'ባለፈው ሳምንት ጫማ አዝዤ ነበር ግን እስካሁን አልደረሰም። እባክዎ እቃው የት እንዳለ ሊነግሩኝ ይችላሉ? አመሰግናለሁ።',
  'english chat':
    "hey, i ordered a pair of shoes last week and they still haven't shown up. could you check where the package is? if you're out of my size i'd rather get my money back. thanks!",
  'english tech':
    'The scheduler retries idempotent requests with exponential backoff and jitter; non-idempotent operations are quarantined until an operator acknowledges the ambiguous outcome. Throughput degraded by approximately seventeen percent under contention.',
  'german chat':
    'Hallo, ich hatte letzte Woche ein Paar Schuhe bestellt, aber die Lieferung ist immer noch nicht da. Könnten Sie bitte nachsehen, wo das Paket gerade steckt? Falls die Größe nicht mehr vorrätig ist, hätte ich gern mein Geld zurück. Vielen Dank im Voraus!',
  'french chat':
    "Bonjour, j'ai commandé une paire de chaussures la semaine dernière et je ne l'ai toujours pas reçue. Pourriez-vous vérifier où se trouve le colis ? Si la pointure n'est plus disponible, je préférerais être remboursée. Merci d'avance !",
  'spanish chat':
    'Hola, la semana pasada pedí unos zapatos y todavía no han llegado. ¿Podrían comprobar dónde está el paquete? Si ya no queda mi número, prefiero que me devuelvan el dinero. Muchas gracias.',
  'portuguese chat':
    'Olá, encomendei um par de sapatos na semana passada e ainda não chegou. Poderiam verificar onde está a encomenda? Se já não houver o meu número, prefiro receber o dinheiro de volta. Muito obrigada.',
  italian:
    'Buongiorno, la settimana scorsa ho ordinato un paio di scarpe ma non sono ancora arrivate. Potreste controllare dove si trova il pacco? Se il numero non fosse più disponibile, vorrei il rimborso. Grazie mille.',
  romanian:
    'Bună ziua, săptămâna trecută am comandat o pereche de pantofi și încă nu au ajuns. Puteți verifica unde se află coletul? Dacă nu mai este pe stoc, vă rog să-mi returnați banii. Mulțumesc frumos.',
  swedish:
    'Hej! Förra veckan beställde jag ett par skor, men de har fortfarande inte kommit. Kan ni kolla var paketet är någonstans? Om storleken är slut vill jag gärna ha pengarna tillbaka. Tack så mycket!',
  'polish chat':
    'Dzień dobry, w zeszłym tygodniu zamówiłam buty, ale paczka wciąż nie dotarła. Czy mogliby Państwo sprawdzić, gdzie teraz jest? Jeśli rozmiaru już nie ma, proszę o zwrot pieniędzy. Dziękuję bardzo.',
  hungarian:
    'Jó napot! A múlt héten rendeltem egy cipőt, de még mindig nem érkezett meg. Meg tudnák nézni, hol tart most a csomag? Ha már nincs raktáron, kérem, utalják vissza a pénzt. Köszönöm szépen.',
  'turkish chat':
    'Merhaba, geçen hafta bir çift ayakkabı sipariş ettim ama hâlâ gelmedi. Kargonun nerede olduğunu kontrol edebilir misiniz? Stokta kalmadıysa paramı geri istiyorum. Çok teşekkürler.',
  'vietnamese chat':
    'Chào bạn, tuần trước tôi có đặt một đôi giày nhưng đến giờ vẫn chưa nhận được. Bạn kiểm tra giúp tôi xem đơn hàng đang ở đâu được không? Nếu hết hàng thì hoàn tiền cho tôi nhé. Cảm ơn nhiều.',
  malay:
    'Salam, saya memesan sepasang kasut minggu lepas tetapi masih belum sampai. Boleh tolong semak di mana bungkusan itu sekarang? Kalau saiz sudah habis, saya mahu wang saya dikembalikan. Terima kasih.',
  tagalog:
    'Magandang araw po, umorder po ako ng sapatos noong nakaraang linggo pero hindi pa rin dumarating. Pwede po bang pakitingnan kung nasaan na ang padala? Kung wala na pong stock, pakibalik na lang po ang bayad. Salamat po.',
  swahili:
    'Habari, niliagiza viatu wiki iliyopita lakini bado havijafika. Tafadhali mnaweza kuangalia mzigo wangu uko wapi? Kama hamna tena, naomba nirudishiwe pesa zangu. Asante sana.',
  hausa:
    'Sannu, na yi odar takalma a makon da ya gabata amma har yanzu ba su iso ba. Don Allah ku duba min inda kayan suke. Idan babu su, ku mayar mini da kudina. Na gode.',
  zulu: 'Sawubona, ngio-odile izicathulo ngesonto eledlule kodwa azikafiki. Ngicela nihlole ukuthi iphasela likuphi. Uma zingasekho, ngicela imali yami ibuye. Ngiyabonga.',
  'emoji chat': '😂😂😂 omg that was hilarious 🤣 see u at 8 👋🏼 bring 🍕 and 🍺!! ❤️❤️❤️ happy bday 🎂🥳🎈 luv ya 😘💋',
  'emoji only': '🐶🐱🐭🐹🐰🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆🦅🦉🦇🐺🐗🐴🦄🐝🐛🦋🐌🐞',
  'math unicode': '∀x ∈ ℝ: x² ≥ 0 ∧ √(x²) = |x|. ∑ᵢ aᵢ ≤ ∫ f(x) dx → ∞, α + β ≠ γ, A ⊆ B ⇒ A ∩ B = A.',
};
